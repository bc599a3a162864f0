"""`python -m tests.chaos.web_process ORDER`: the product's web application under gunicorn, for callbacks."""

import sys
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn ships no types

from backend.app import create_app
from tests.chaos.clocks import clock_of
from tests.chaos.orders import ProductOrder, end_with_the_supervisor


class Web(BaseApplication):  # type: ignore[misc]  # as above
    """One process with threads, as gunicorn.conf.py has it, told by an order instead of the environment."""

    def __init__(self, order: ProductOrder) -> None:
        self._order = order
        super().__init__()

    def load_config(self) -> None:
        """Take the place of gunicorn's own file and command line."""
        told: dict[str, Any] = {
            "bind": f"127.0.0.1:{self._order.port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": 8,
            "keepalive": 30,
            "timeout": 60,
            "loglevel": "error",
            "control_socket_disable": True,
        }
        for name, value in told.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Put the real application together, in the process that serves."""
        return create_app(self._order.settings, clock_of(self._order.clock))


if __name__ == "__main__":
    end_with_the_supervisor()
    Web(ProductOrder.read(sys.argv[1])).run()
