"""What goes wrong on demand: the settings, their checks, and the draw that decides which request is hit.

The draw is a function of the seed and the number of the request, so the same seed gives the same faults in
the same places. The REST side asks FaultBox what to do with a request; the courier reads the settings when a
message sets out.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from notifications.phone import InvalidPhone, PhoneNumber
from notifications.phone_simulator.refusals import MISHAPS

CALLBACK_MODES = ("once", "twice", "late", "shuffled", "never")
INBOUND_MODES = ("once", "twice", "never")
SHARES = ("status_429_share", "status_500_share", "accepted_500_share", "drop_after_accept_share")
_LIMITS = {"latency_ms": 60_000, "late_seconds": 3_600, "seed": 2**31 - 1}
_CHOICES = {"callbacks": CALLBACK_MODES, "inbound": INBOUND_MODES}


class Blow(StrEnum):
    """What befalls one REST request."""

    NONE = "none"
    TOO_MANY = "too_many"
    SERVER_ERROR = "server_error"
    ACCEPTED_SERVER_ERROR = "accepted_server_error"
    DROP_AFTER_ACCEPT = "drop_after_accept"


class FaultError(Exception):
    """A fault setting that cannot be; names the field and what would be right."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name}: {reason}")


@dataclass(frozen=True, slots=True)
class Faults:
    """Everything that can be made to go wrong; the defaults are a network where nothing does.

    Shares are of REST requests, 0 to 1, together at most 1; those after accepting touch only a create.
    `mishaps` says, by number, which of refusals.MISHAPS befalls a message to it.
    """

    latency_ms: float = 0
    status_429_share: float = 0
    status_500_share: float = 0
    accepted_500_share: float = 0
    drop_after_accept_share: float = 0
    callbacks: str = "once"
    late_seconds: float = 20
    inbound: str = "once"
    seed: int = 1
    mishaps: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def any_on(self) -> bool:
        """Whether anything differs from a network where nothing goes wrong."""
        return replace(self, seed=1, late_seconds=20) != Faults()

    @property
    def any_share(self) -> bool:
        """Whether requests are made to fail."""
        return any(getattr(self, name) for name in SHARES)

    def as_json(self) -> dict[str, Any]:
        """The settings as POST /simulator/faults takes them, numbers listed by what befalls them."""
        shown = asdict(replace(self, mishaps={}))
        del shown["mishaps"]
        for kind in MISHAPS:
            shown[kind] = sorted(number for number, its in self.mishaps.items() if its == kind)
        return shown


def changed(current: Faults, wanted: Mapping[str, object]) -> Faults:
    """Yield the settings with the named ones changed; raises FaultError on the first that cannot be."""
    values: dict[str, Any] = {}
    mishaps = dict(current.mishaps)
    for name, value in wanted.items():
        if name in MISHAPS:
            mishaps = {number: kind for number, kind in mishaps.items() if kind != name}
            mishaps |= dict.fromkeys(_numbers(name, value), name)
        elif name in _CHOICES:
            values[name] = _choice(name, value)
        elif name in SHARES:
            values[name] = _amount(name, value, 1)
        elif name == "seed":
            values[name] = int(_amount(name, value, _LIMITS[name]))
        elif name in _LIMITS:
            values[name] = _amount(name, value, _LIMITS[name])
        else:
            raise FaultError(name, "no such fault; GET /simulator/faults lists them")
    faults = replace(current, **values, mishaps=MappingProxyType(mishaps))
    if sum(getattr(faults, name) for name in SHARES) > 1:
        raise FaultError("shares", "together they must not exceed 1")
    return faults


class FaultBox:
    """The faults now switched on, and the count of requests drawn since they were set; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults = Faults()
        self._drawn = 0

    @property
    def now(self) -> Faults:
        """The settings in force."""
        return self._faults

    def change(self, wanted: Mapping[str, object]) -> Faults:
        """Change the named settings and start the draw afresh; raises FaultError and changes nothing."""
        with self._lock:
            self._faults = changed(self._faults, wanted)
            self._drawn = 0
            return self._faults

    def reset(self) -> Faults:
        """Switch every fault off."""
        with self._lock:
            self._faults = Faults()
            self._drawn = 0
            return self._faults

    def draw(self) -> Blow:
        """Decide what befalls the next REST request."""
        with self._lock:
            self._drawn += 1
            return blow_for(self._faults, self._drawn)


def blow_for(faults: Faults, request_number: int) -> Blow:
    """Yield what befalls the n-th request under these settings: the same for the same seed and n."""
    digest = hashlib.sha256(f"{faults.seed}:{request_number}".encode()).digest()
    lot = int.from_bytes(digest[:8]) / 2**64
    for share, blow in (
        (faults.status_429_share, Blow.TOO_MANY),
        (faults.status_500_share, Blow.SERVER_ERROR),
        (faults.accepted_500_share, Blow.ACCEPTED_SERVER_ERROR),
        (faults.drop_after_accept_share, Blow.DROP_AFTER_ACCEPT),
    ):
        if lot < share:
            return blow
        lot -= share
    return Blow.NONE


def _amount(name: str, value: object, limit: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= limit:
        raise FaultError(name, f"write a number from 0 to {limit}")
    return value


def _choice(name: str, value: object) -> str:
    if not isinstance(value, str) or value not in _CHOICES[name]:
        raise FaultError(name, f"write one of {', '.join(_CHOICES[name])}")
    return value


def _numbers(name: str, value: object) -> list[str]:
    if not isinstance(value, list | tuple):
        raise FaultError(name, "write a list of phone numbers")
    try:
        return [PhoneNumber.parse(str(number)).e164 for number in value]
    except InvalidPhone as error:
        raise FaultError(name, "write phone numbers in international form, such as +905321234567") from error
