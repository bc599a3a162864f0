#!/bin/sh
# Checks that the shell named in the script's first line can read the script in $1.
set -eu

read -r shebang <"$1"
case $shebang in
    *bash) exec bash -n "$1" ;;
    '#!/bin/sh') exec sh -n "$1" ;;
    *) echo "$1: the first line names no shell" >&2; exit 1 ;;
esac
