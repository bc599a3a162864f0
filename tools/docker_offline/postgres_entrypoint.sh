#!/bin/sh
# What the PostgreSQL image does at its start, as far as docker-compose.yml relies on it: a cluster and a
# database the first time, from POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB. See base_images.sh.
set -eu

export PGDATA=/var/lib/postgresql/data/cluster
as_postgres() {
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
}

install --directory --owner=postgres --group=postgres --mode=700 "$PGDATA" /var/run/postgresql
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    (umask 077 && printf '%s' "$POSTGRES_PASSWORD" >/tmp/password && chown postgres /tmp/password)
    as_postgres initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --encoding=UTF8 \
        --auth-local=trust --auth-host=scram-sha-256
    rm /tmp/password
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    as_postgres pg_ctl -w -o "-c listen_addresses=''" start
    as_postgres createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
    as_postgres pg_ctl -w stop
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres -c listen_addresses='*'
