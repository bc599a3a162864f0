"""Run the benchmarks, or some of them: `python -m tools.bench [--quick] [--save] [PART …]`."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from types import FrameType
from typing import Final

from rich.console import Console

from backend.clock import utc_now
from tools.bench.children import ROOT, ChildFailed
from tools.bench.parts.bulk_import import bulk_import
from tools.bench.parts.callbacks import callbacks
from tools.bench.parts.dispatch import dispatch
from tools.bench.parts.hot_paths import hot_paths
from tools.bench.parts.idle import idle
from tools.bench.parts.memory import memory
from tools.bench.parts.peers import peers
from tools.bench.parts.workers import workers
from tools.bench.report import Sheet, machine, save, show
from tools.bench.run import QUICK, Run, Sizes, begin
from tools.bench.sending import dispatch_backlog

PARTS: Final[dict[str, Callable[[Run], list[Sheet]]]] = {
    "paths": hot_paths,
    "dispatch": dispatch,
    "peers": peers,
    "workers": workers,
    "idle": idle,
    "memory": memory,
    "callbacks": callbacks,
    "import": bulk_import,
}
_WIDTH: Final = 132
"""Columns when nobody sees them: in a log, and in a pipe."""


def main() -> int:
    """Measure and print; 1 when a part could not be measured."""
    arguments = _arguments()
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())  # else the PostgreSQL wheel warns
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    console = Console()
    if not console.is_terminal:
        console.width = _WIDTH
    where = machine(utc_now())
    console.print(f"make bench: {where}\n", markup=False, highlight=False, soft_wrap=True)
    found: dict[str, list[Sheet]] = {}
    failed = False
    try:
        with begin(QUICK if arguments.quick else Sizes(), console) as run:
            for name in arguments.parts or PARTS:
                try:
                    found[name] = PARTS[name](run)
                except ChildFailed as error:
                    console.print(f"{name} could not be measured: {error}", style="red", markup=False)
                    failed = True
                    continue
                for sheet in found[name]:
                    show(console, sheet)
            if arguments.profile:
                dispatch_backlog(run, "PostgreSQL", run.sizes.messages, profile=arguments.profile)
    except KeyboardInterrupt:
        console.print("stopped")
        return 130
    if arguments.save:
        save(ROOT / "docs" / "benchmarks.md", where, found)
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)}")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, under a minute; figures mean little"
    )
    parser.add_argument("--save", action="store_true", help="write the tables into docs/benchmarks.md")
    parser.add_argument("--profile", metavar="FILE", help="also write where a worker's CPU goes")
    arguments = parser.parse_args()
    if arguments.save and arguments.quick:
        parser.error("figures of a quick run are not worth keeping")
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return arguments


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
