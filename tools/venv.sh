#!/bin/sh
# Makes the virtual environment named in $1, or says plainly what is missing on this machine.
# PYTHON3 may name the Python to use.
set -eu

new_enough() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'
}

for python in "${PYTHON3:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if new_enough "$python"; then
        break
    fi
    python=
done

if [ -z "$python" ]; then
    echo "Recovery Tracker needs Python 3.11 or later, and none was found." >&2
    echo "  Debian, Ubuntu:  sudo apt-get install python3 python3-venv" >&2
    echo "  macOS:           brew install python@3.13" >&2
    echo "If it is installed under another name: make PYTHON3=/path/to/python3 …" >&2
    exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$python cannot make virtual environments: the package python3-venv is missing." >&2
    echo "  Debian, Ubuntu:  sudo apt-get install python3-venv" >&2
    exit 1
fi

[ -x "$1/bin/python" ] || "$python" -m venv "$1"
