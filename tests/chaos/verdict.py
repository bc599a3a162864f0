"""What must be true of a run, in sentences that name what is not."""

from tests.chaos.counting import Row
from tests.chaos.supervisor import Run

RECOVERED_WITHIN = 120.0
"""Seconds at the default lease, in real time, from a kill until its texts are in hand again."""


def objections(run: Run) -> list[str]:
    """Return what is wrong with a run; nothing, as it should be."""
    figures = run.figures
    wrong = {
        "lost": figures.lost,
        "sent twice": figures.twice,
        "undecided at the end": figures.undecided,
        "holding another text's provider id": figures.misfiled,
        "failed in our book, though the provider took it": figures.failed_though_taken,
    }
    said = [f"{len(rows)} {what}: {_examples(rows)}" for what, rows in wrong.items() if rows]
    if run.kills < run.scenario.kills:
        said.append(f"only {run.kills} of {run.scenario.kills} kills came about")
    if run.died:
        said.append(f"{run.died} workers ended by themselves")
    if any(run.exit_codes):
        said.append(f"workers told to stop ended with {run.exit_codes}")
    if run.recovery.never:
        said.append(f"{len(run.recovery.never)} texts of killed workers were never taken up again")
    longest = max(run.recovery.took, default=0.0)
    if run.scenario.speed == 1 and longest >= RECOVERED_WITHIN:
        said.append(f"a killed worker's text took {longest:.0f} s to recover:")
        said += run.recovery.story
    return said


def _examples(rows: object) -> str:
    assert isinstance(rows, list)
    first: list[Row] = rows[:3]
    return "; ".join(
        f"{row.id} {row.status} ({row.why}) {' > '.join(s for s, _ in row.way)}" for row in first
    )
