"""Several workers on one PostgreSQL: how fast together, and whether any text was taken twice."""

from typing import Final

from tools.bench.databases import POSTGRESQL
from tools.bench.report import Sheet
from tools.bench.run import Run
from tools.bench.sending import dispatch_backlog

_WORKERS: Final = (1, 2, 4)


def workers(run: Run) -> list[Sheet]:
    """Send the same backlog with one, two and four workers."""
    sheet = Sheet(
        f"{run.sizes.messages:,} due texts, several workers, PostgreSQL",
        ("workers", "messages/s", "CPU ms/message", "store's CPU ms", "arrived", "arrived twice", "accepted"),
    )
    twice = 0
    for count in _WORKERS:
        done = dispatch_backlog(run, POSTGRESQL, run.sizes.messages, workers=count)
        twice += done.repeated
        _, rate, cpu, store = done.spent.cells()
        accepted = f"{done.statuses.get('accepted', 0):,}"
        sheet.rows.append(
            (str(count), rate, cpu, store, f"{done.distinct:,}", f"{done.repeated:,}", accepted)
        )
    sheet.notes += [
        f"aim: none sent twice, counted at the endpoint by our id: {'missed' if twice else 'met'}",
        "workers, endpoint and database share the machine's cores: two of them feed two workers at most",
    ]
    return [sheet]
