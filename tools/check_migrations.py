"""Checks that the migrations build exactly what the models say, on both databases.

Run by `make check`. An empty database is migrated to the newest revision, and then
Alembic compares it with the models: any difference is a migration somebody forgot.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.postgres import postgresql


def compare(name: str, database_url: str) -> bool:
    """Migrate the empty database at `database_url` and say whether it equals the models."""
    environment = {**os.environ, "DATABASE_URL": database_url, "LOG_LEVEL": "WARNING"}
    for command in ("upgrade", "check"):
        done = subprocess.run(
            [sys.executable, "-m", "backend", "db", command],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"migrations: {name}: `db {command}` failed", file=sys.stderr)
            print((done.stdout + done.stderr).strip(), file=sys.stderr)
            return False
    print(f"migrations: {name}: up to date with the models")
    return True


def main() -> int:
    """Compare both databases; 1 when either differs."""
    with tempfile.TemporaryDirectory(prefix="recovery-migrations-") as folder:
        equal = compare("SQLite", f"sqlite:///{Path(folder) / 'empty.db'}")
    with postgresql() as url:
        return 0 if compare("PostgreSQL", url) and equal else 1


if __name__ == "__main__":
    raise SystemExit(main())
