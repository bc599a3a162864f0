"""The simulator put together, and its one use case that is not Twilio's API: a patient writes a text.

The composition root: `server` and `__main__` build one Simulator, the Flask blueprints are handed it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from notifications.phone import InvalidPhone, PhoneNumber
from notifications.phone_simulator.checks import BODY_LIMIT
from notifications.phone_simulator.courier import Courier
from notifications.phone_simulator.faults import FaultBox
from notifications.phone_simulator.keywords import Keyword, answer_to, keyword_in
from notifications.phone_simulator.line import Line
from notifications.phone_simulator.messages import Draft, Message, inbound_params
from notifications.phone_simulator.store import Store
from notifications.phone_simulator.webhooks import Outcome, Webhooks
from notifications.phone_simulator.wire import Wire
from notifications.segments import segments


class CannotWrite(Exception):
    """A text that no phone could send; names the field and what would be right."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name}: {reason}")


@dataclass(frozen=True, slots=True)
class Simulator:
    """Everything one running simulator consists of."""

    line: Line
    clock: Callable[[], datetime]
    store: Store
    wire: Wire
    faults: FaultBox
    webhooks: Webhooks
    courier: Courier

    @classmethod
    def assembled(
        cls, line: Line, clock: Callable[[], datetime], *, state: Path | None = None, pace: float = 0.4
    ) -> Simulator:
        """Put the parts together; `state` is the SQLite file, `pace` seconds pass between statuses."""
        store, wire, faults = Store(state), Wire(), FaultBox()
        webhooks = Webhooks(line, wire, clock)
        courier = Courier(line, store, faults, webhooks, clock, pace=pace)
        return cls(line, clock, store, wire, faults, webhooks, courier)

    def start(self) -> None:
        """Begin to carry messages."""
        self.courier.start()

    def stop(self) -> None:
        """Stop carrying messages and let go of the state file."""
        self.courier.stop()
        self.store.close()

    def reset(self) -> None:
        """Forget every message, opt-out and exchange, and switch the faults off."""
        self.courier.forget()
        self.store.reset()
        self.wire.reset()
        self.faults.reset()

    def receive(self, sender: str, recipient: str | None, body: str) -> tuple[Message, Outcome]:
        """Take a patient's text to the clinic as Twilio does: keep it, answer its keyword, call the webhook.

        `recipient` None or blank means the clinic's number. Raises CannotWrite; a webhook that fails does
        not: the text stays listed in the API, and the outcome says why.
        """
        draft = self._draft(sender, recipient or self.line.number, body)
        message = self.store.add(draft, self.clock())
        keyword = keyword_in(body)
        if keyword is not None:
            self._obey(keyword, message)
        outcome = self._tell_clinic(message, keyword)
        self.store.note_webhook(message.sid, outcome.words)
        return message, outcome

    def _draft(self, sender: str, recipient: str, body: str) -> Draft:
        try:
            phone = PhoneNumber.parse(sender).e164
        except InvalidPhone as error:
            raise CannotWrite("From", "write a phone number in international form") from error
        if recipient != self.line.number:
            raise CannotWrite("To", f"write the clinic's number, {self.line.number}")
        if not body.strip() or len(body) > BODY_LIMIT:
            raise CannotWrite("Body", f"write 1 to {BODY_LIMIT} characters")
        return Draft("inbound", phone, phone, recipient, body, segments(body).count, "received")

    def _obey(self, keyword: Keyword, message: Message) -> None:
        phone, number = message.phone, message.recipient
        if keyword is Keyword.STOP:
            was_opted_out = not self.store.opt_out(phone, number)
        elif keyword is Keyword.START:
            was_opted_out = self.store.opt_in(phone, number)
        else:
            was_opted_out = self.store.opted_out(phone, number)
        answer = answer_to(keyword, was_opted_out=was_opted_out)
        if answer is not None:
            reply = Draft("outbound-reply", phone, number, phone, answer, segments(answer).count, "delivered")
            self.store.add(reply, self.clock())

    def _tell_clinic(self, message: Message, keyword: Keyword | None) -> Outcome:
        params = inbound_params(message, self.line, keyword.value if keyword else None)
        calls = {"once": 1, "twice": 2, "never": 0}[self.faults.now.inbound]
        outcome = Outcome(None, "not told")
        for _ in range(calls):
            outcome = self.webhooks.post("webhook", self.line.inbound_url, params, phone=message.phone)
        return outcome
