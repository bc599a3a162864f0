"""What the pages show: the simulator's state gathered under the names the templates use.

Reads only. `pages` calls it for whole pages and for the fragments that keep them fresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from notifications.phone_simulator.checks import BODY_LIMIT, is_number
from notifications.phone_simulator.conversation import days, spoken, when, zone_of
from notifications.phone_simulator.faults import CALLBACK_MODES, INBOUND_MODES, SHARES
from notifications.phone_simulator.refusals import MISHAPS
from notifications.phone_simulator.simulator import Simulator
from notifications.phone_simulator.words import LANGUAGES, WORDS

LANGUAGE_COOKIE: Final = "simulator_language"
QUICK_ANSWERS: Final = ("3", "9", "STOP", "ateşim var")
_WIRE_SHOWN = 40
_INTER = Path(__file__).parent / "static" / "vendor" / "inter.css"


def shown(simulator: Simulator, phone: str | None, cookies: Mapping[str, str]) -> dict[str, Any]:
    """Yield everything the templates show, for the phone at hand (E.164) or for none."""
    language = cookies.get(LANGUAGE_COOKIE, "en")
    language = language if language in LANGUAGES else "en"
    clinic = urlsplit(simulator.line.inbound_url)
    everywhere = {
        "language": language,
        "w": WORDS[language],
        "phone": phone,
        "phones": simulator.store.phones(),
        "exchanges": simulator.wire.latest(_WIRE_SHOWN),
        "faults": simulator.faults.now,
        "callback_modes": CALLBACK_MODES,
        "inbound_modes": INBOUND_MODES,
        "mishaps": tuple(MISHAPS),
        "shares": SHARES,
        "spoken": spoken,
        "when": when,
        "dashboard_url": f"{clinic.scheme}://{clinic.netloc}/",
        "inter": _INTER.exists(),
    }
    return everywhere if phone is None else everywhere | _on_phone(simulator, phone, language)


def _on_phone(simulator: Simulator, phone: str, language: str) -> dict[str, Any]:
    messages = simulator.store.conversation(phone)
    zone = zone_of(phone)
    senders = [message.sender for message in messages if not message.inbound]
    sender = senders[-1] if senders else simulator.line.number
    return {
        "days": days(messages, zone, language, WORDS[language]),
        "sender": sender,
        "line_number": simulator.line.number,
        "one_way": not is_number(sender),
        "turkish_number": phone.startswith("+90"),
        "local_time": f"{simulator.clock().astimezone(zone):%H:%M}",
        "zone": zone.key,
        "mishap": simulator.faults.now.mishaps.get(phone, ""),
        "quick_answers": QUICK_ANSWERS,
        "body_limit": BODY_LIMIT,
    }
