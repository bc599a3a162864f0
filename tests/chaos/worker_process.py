"""`python -m tests.chaos.worker_process ORDER`: the product's own worker, by a clock that others may step."""

import sys

from backend.worker import SLOWER, run_worker
from tests.chaos.clocks import clock_of
from tests.chaos.orders import ProductOrder, end_with_the_supervisor


def main(path: str) -> None:
    """Run until a signal, or until the supervisor is gone."""
    order = ProductOrder.read(path)
    end_with_the_supervisor()
    run_worker(order.settings, clock_of(order.clock), intervals={**SLOWER, **order.intervals})


if __name__ == "__main__":
    main(sys.argv[1])
