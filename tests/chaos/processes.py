"""The processes of a run: endpoint, web and workers, started, killed, started again, and gone at the end."""

import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from backend.config import Settings
from tests.chaos.clocks import ClockFile
from tests.chaos.orders import EndpointOrder, ProductOrder
from tests.chaos.scenario import Scenario
from tests.house.sources import ROOT

ACCOUNT: Final = "AC" + "0" * 32
TOKEN: Final = "a-token-of-the-chaos"
SENDER: Final = "+15005550006"
_LEAVES_WITHIN: Final = 15


@dataclass(slots=True)
class Worker:
    """One place for a worker; each process in it has a name of its own (`w1.3`)."""

    place: str
    life: int
    process: subprocess.Popen[bytes]

    @property
    def name(self) -> str:
        """The name of the process that has the place now; the endpoint knows it by this."""
        return f"{self.place}.{self.life}"


class Processes:
    """Everything that runs beside the supervisor; leaves nothing behind."""

    def __init__(
        self, folder: Path, scenario: Scenario, database_url: str, clock: ClockFile, providers: ClockFile
    ) -> None:
        self._folder = folder
        self._scenario = scenario
        self._clock = clock
        self.ledger = folder / "ledger.jsonl"
        endpoint, web = _free_ports(2)
        self._endpoint_url = f"http://127.0.0.1:{endpoint}"
        self.settings = Settings(
            database_url=database_url,
            public_url=f"http://127.0.0.1:{web}",
            secret_key="a-secret-for-chaos-only-0123456789abcdef",
            twilio_account_sid=ACCOUNT,
            twilio_auth_tokens=(TOKEN,),
            twilio_sender=SENDER,
            twilio_api_url=self._endpoint_url,
            worker_tick_seconds=scenario.tick_seconds,
            dispatch_lease_seconds=scenario.lease_seconds,
            log_level="WARNING",
        )
        order = EndpointOrder(
            endpoint, ACCOUNT, TOKEN, self.ledger, providers.path, scenario.seed, scenario.habits
        )
        self._all: list[subprocess.Popen[bytes]] = []
        self._endpoint = self._start("endpoint", order.write(folder / "endpoint.json"))
        product = ProductOrder(self.settings, clock.path, {}, web)
        self._start("web_process", product.write(folder / "web.json"))
        self.workers = [self._worker(f"w{number}", 1) for number in range(1, scenario.workers + 1)]

    def provider_goes(self, seconds: float) -> None:
        """Let the endpoint refuse every connection for a while."""
        assert self._endpoint.stdin is not None
        self._endpoint.stdin.write(f"gone {seconds}\n".encode())
        self._endpoint.stdin.flush()

    def kill(self, worker: Worker) -> None:
        """End a worker with SIGKILL."""
        worker.process.kill()
        worker.process.wait()

    def replace(self, worker: Worker) -> None:
        """Start a new worker in the place of one that is dead."""
        self.workers[self.workers.index(worker)] = self._worker(worker.place, worker.life + 1)

    def stop_workers(self) -> list[int]:
        """Tell every worker to stop, as an operator does; return their exit codes."""
        for worker in self.workers:
            worker.process.send_signal(signal.SIGTERM)
        return [worker.process.wait(_LEAVES_WITHIN) for worker in self.workers]

    def close(self) -> None:
        """End whatever still runs."""
        for process in self._all:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def complaints(self) -> str:
        """Return what the processes wrote to their logs."""
        return "\n".join(
            f"--- {log.name}\n{text[-4000:]}"
            for log in sorted(self._folder.glob("*.log"))
            if (text := log.read_text(encoding="utf-8", errors="replace").strip())
        )

    def _worker(self, place: str, life: int) -> Worker:
        settings = replace(self.settings, twilio_api_url=f"{self._endpoint_url}/{place}.{life}")
        order = ProductOrder(settings, self._clock.path, self._scenario.intervals)
        path = order.write(self._folder / f"{place}.json")
        return Worker(place, life, self._start("worker_process", path, log=place))

    def _start(self, module: str, order: Path, *, log: str | None = None) -> subprocess.Popen[bytes]:
        with (self._folder / f"{log or module}.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", f"tests.chaos.{module}", str(order)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        self._all.append(process)
        return process


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
