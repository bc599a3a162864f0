"""The periodic jobs, by name.

Called by the worker's metronome and by `python -m backend run-job NAME`. Two
processes may run the same job at once.
"""

from backend.jobs.rounds import JOBS, Job, Stopping, beat, handle_inbound_texts
from backend.jobs.sending import (
    PROVIDER_JOBS,
    ProviderJob,
    make_dispatcher,
    make_poller,
    make_reconciler,
    make_redactor,
)

__all__ = [
    "JOBS",
    "PROVIDER_JOBS",
    "Job",
    "ProviderJob",
    "Stopping",
    "beat",
    "handle_inbound_texts",
    "make_dispatcher",
    "make_poller",
    "make_reconciler",
    "make_redactor",
]
