"""Put every waiting text into one peer's queue: `python -m tools.bench.peers.enqueue on_huey`."""

import importlib
import sys

from tools.bench.peers.texts import waiting

if __name__ == "__main__":
    importlib.import_module(f"tools.bench.peers.{sys.argv[1]}").enqueue(waiting())
