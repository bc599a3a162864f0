"""What a run came to, as a table for people."""

from collections.abc import Sequence
from statistics import median

from rich.table import Table

from tests.chaos.ledger import FAULTS
from tests.chaos.supervisor import Run


def table_of(runs: Sequence[Run]) -> Table:
    """Return the runs side by side."""
    table = Table(title=f"Chaos, seed {runs[0].scenario.seed}")
    table.add_column("")
    columns = [_column(run) for run in runs]
    for run in runs:
        table.add_column(f"{run.database}, {_number(run.scenario.workers, 'worker')}", justify="right")
    for name in columns[0]:
        table.add_row(name, *(column[name] for column in columns))
    return table


def _column(run: Run) -> dict[str, str]:
    figures, recovered = run.figures, run.recovery
    faults = {f"fault: {words}": figures.faults.get(name, 0) for name, words in FAULTS.items()}
    at_end = {f"at the end: {status}": figures.statuses.get(status, 0) for status in _STATUSES}
    counted = {
        "messages": figures.texts,
        "workers killed": run.kills,
        "workers that died by themselves": run.died,
        "database restarts": run.restarts,
        **faults,
        "taken by the provider": figures.taken,
        "unknown, settled by a callback": figures.settled_by_callback,
        "unknown, settled by the list": figures.settled_by_list,
        "unknown, proven absent and sent again": figures.sent_again,
        **at_end,
        "texts of killed workers": len(recovered.took) + len(recovered.held_up) + len(recovered.never),
        "of these held up by a clock put back": len(recovered.held_up),
    }
    took = recovered.took or [0.0]
    return {
        **{name: f"{number:,}" for name, number in counted.items()},
        "recovery of the others, median": f"{median(took):.1f} s",
        "recovery of the others, longest": f"{took[-1]:.1f} s",
        "never recovered": str(len(recovered.never)),
        "undecided at the end": str(len(figures.undecided)),
        "LOST": str(len(figures.lost)),
        "SENT TWICE": str(len(figures.twice)),
        "duration": f"{run.seconds:.0f} s",
    }


_STATUSES = (
    "delivered",
    "undelivered",
    "accepted",
    "sent",
    "cancelled",
    "failed",
    "expired",
    "scheduled",
    "sending",
)


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
