"""`python -m backend …`: the command line; the worker starts without what only the web needs.

A worker runs all day on many machines, and is a fifth smaller that way.
"""

import sys

if __name__ == "__main__":
    if sys.argv[1:] == ["worker"]:
        from backend.worker import main
    else:
        from backend.cli import main
    main()
