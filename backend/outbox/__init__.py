"""The outbox: the only writer of outbound messages.

What lives here: each change of a message's status, enforced by the UPDATE's WHERE
clause against one table of allowed transitions. What does not: when a text is due
(`schedules`), its words (`notifications`), what a failure means for the patient
(`backend.services.delivery`, handed in as `Effects`). Called by services and jobs.
"""

from backend.outbox.asking import absent_after
from backend.outbox.dispatching import Effects, Outcome, SqlOutbox
from backend.outbox.moving import MovedText, move_texts, want_again, withdraw_texts
from backend.outbox.polling import PollCounts, Poller
from backend.outbox.queue import NewMessage, cancel, enqueue, enqueue_first, reschedule
from backend.outbox.reconciling import ReconcileCounts, Reconciler
from backend.outbox.recovering import expire_leases, forget_codes, give_up_unknown
from backend.outbox.redacting import RedactCounts, Redactor
from backend.outbox.reports import record_report
from backend.outbox.second_tries import is_second_try, queue_second_try
from backend.outbox.senders import Senders
from backend.outbox.states import FINAL, TRANSITIONS
from backend.outbox.together import ASKED_TOGETHER, QUESTIONS_APART, ask_next

__all__ = [
    "ASKED_TOGETHER",
    "FINAL",
    "QUESTIONS_APART",
    "TRANSITIONS",
    "Effects",
    "MovedText",
    "NewMessage",
    "Outcome",
    "PollCounts",
    "Poller",
    "ReconcileCounts",
    "Reconciler",
    "RedactCounts",
    "Redactor",
    "Senders",
    "SqlOutbox",
    "absent_after",
    "ask_next",
    "cancel",
    "enqueue",
    "enqueue_first",
    "expire_leases",
    "forget_codes",
    "give_up_unknown",
    "is_second_try",
    "move_texts",
    "queue_second_try",
    "record_report",
    "reschedule",
    "want_again",
    "withdraw_texts",
]
