"""What the stand-in for Twilio remembers: every text it took, newest last, and how far each has come."""

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

_STEP = {"queued": 0, "sent": 1, "delivered": 2, "undelivered": 2}


@dataclass(slots=True)
class Taken:
    """One text the provider took; `number` counts the requests about its phone."""

    sid: str
    to: str
    sender: str
    body: str
    number: int
    created_at: datetime
    status: str = "queued"
    code: int | None = None

    def reach(self, status: str, code: int | None) -> None:
        """Come as far as `status`; never back."""
        if _STEP[status] > _STEP[self.status]:
            self.status, self.code = status, code

    def as_json(self, account: str) -> dict[str, object]:
        """Write it as Twilio's Message resource."""
        created = format_datetime(self.created_at)
        return {
            "account_sid": account,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": created,
            "date_sent": None if self.status == "queued" else created,
            "date_updated": created,
            "direction": "outbound-api",
            "error_code": self.code,
            "error_message": None,
            "from": self.sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {},
            "to": self.to,
            "uri": f"/2010-04-01/Accounts/{account}/Messages/{self.sid}.json",
        }


@dataclass(slots=True)
class Memory:
    """Every text by its id, and by its phone."""

    by_sid: dict[str, Taken] = field(default_factory=dict)
    by_phone: dict[str, list[Taken]] = field(default_factory=dict)

    def take(self, to: str, sender: str, body: str, number: int, now: datetime) -> Taken:
        """Take a text."""
        taken = Taken(f"SM{len(self.by_sid) + 1:032x}", to, sender, body, number, now)
        self.by_sid[taken.sid] = taken
        self.by_phone.setdefault(to, []).append(taken)
        return taken

    def page(self, to: str, page: int, size: int) -> tuple[list[Taken], bool]:
        """Return one page of a phone's texts, newest first, and whether there is another."""
        theirs = self.by_phone.get(to, [])[::-1]
        return theirs[page * size : (page + 1) * size], len(theirs) > (page + 1) * size
