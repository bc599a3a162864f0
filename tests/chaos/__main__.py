"""`make chaos`: the long form on PostgreSQL and on SQLite, and a table. SEED=… repeats one."""

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tests.chaos.databases import database
from tests.chaos.scenario import long_form, short_form
from tests.chaos.supervisor import Run, Supervisor
from tests.chaos.table import table_of
from tests.chaos.verdict import objections

_WORKERS = {"postgresql": 2, "sqlite": 1}


def main() -> int:
    """Run what is asked; the exit status is 1 when anything was lost, sent twice or left hanging."""
    asked = _parser().parse_args()
    console = Console()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1_000_000)
    console.print(f"seed {seed}: SEED={seed} make chaos repeats it")
    runs: list[Run] = []
    for kind in asked.on or _WORKERS:
        form = short_form if asked.short else long_form
        folder = Path(tempfile.mkdtemp(prefix="recovery-chaos-run-"))
        console.print(f"{kind}: ledger and logs in {folder}")
        with database(kind, folder) as where:
            supervisor = Supervisor(form(seed, workers=_WORKERS[kind]), where, folder, _teller(console))
            runs.append(supervisor.run())
        console.print(table_of(runs[-1:]))
    console.print(table_of(runs))
    wrong = [f"{run.database}: {one}" for run in runs for one in objections(run)]
    for one in wrong:
        console.print(one, style="red")
    return 1 if wrong else 0


def _teller(console: Console) -> Callable[[str], None]:
    return lambda words: console.print(words, highlight=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    given = os.environ.get("SEED")
    parser.add_argument("--seed", type=int, default=int(given) if given else None)
    parser.add_argument("--on", action="append", choices=sorted(_WORKERS), help="one database only")
    parser.add_argument("--short", action="store_true", help="the form of `make test`")
    return parser


if __name__ == "__main__":
    sys.exit(main())
