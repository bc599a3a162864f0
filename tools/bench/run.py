"""One run of the benchmarks: its sizes, its databases, its endpoint, and a line on the terminal meanwhile."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from tools.bench.children import child, module
from tools.bench.databases import Databases, all_databases
from tools.bench.report import Spent


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything; the default is the whole run, QUICK the one that only shows it works."""

    messages: int = 20_000
    peer_messages: int = 2_000
    patients: int = 10_000
    future: tuple[int, ...] = (10_000, 1_000_000, 5_000_000)
    future_sqlite: tuple[int, ...] = (10_000, 1_000_000)
    already_sent: int = 1_000_000
    memory_marks: tuple[int, ...] = (10_000, 50_000, 100_000)
    callbacks: int = 10_000
    path_seconds: float = 2.0


QUICK = Sizes(
    messages=500,
    peer_messages=50,
    patients=500,
    future=(5_000, 20_000),
    future_sqlite=(5_000,),
    already_sent=5_000,
    memory_marks=(200, 500, 1_000),
    callbacks=200,
    path_seconds=0.2,
)


class RunningEndpoint:
    """The endpoint's process, as the parts ask it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def counts(self) -> dict[str, int]:
        """Return requests, distinct message ids, and repeated ones, since the last reset."""
        return self._ask("GET", "/counts")

    def reset(self) -> None:
        """Count from nothing."""
        self._ask("POST", "/reset")

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _ask(self, method: str, path: str) -> dict[str, int]:
        self._connection.request(method, path)
        answer: dict[str, int] = json.loads(self._connection.getresponse().read())
        return answer


@dataclass(slots=True)
class Run:
    """What every part is given; `measured` keeps what another part compares itself with."""

    sizes: Sizes
    databases: Databases
    endpoint: RunningEndpoint
    progress: Progress
    measured: dict[str, Spent] = field(default_factory=dict)

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Show what is going on; the yielded function says how much of `total` is done."""
        task: TaskID = self.progress.add_task(what, total=total)
        try:
            yield lambda done: self.progress.update(task, completed=done)
        finally:
            self.progress.remove_task(task)


@contextmanager
def begin(sizes: Sizes, console: Console) -> Iterator[Run]:
    """Yield a run; its processes and databases are gone when the block is left."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(child("endpoint", module("tools.bench.endpoint")))
        running = RunningEndpoint(int(endpoint.hear()))
        stack.callback(running.close)
        databases = stack.enter_context(all_databases())
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        progress = stack.enter_context(Progress(*columns, console=console, transient=True))
        yield Run(sizes, databases, running, progress)
