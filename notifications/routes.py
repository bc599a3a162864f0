"""What a text can do on its way to a country: carry an answer back, carry a link, from which kind of sender.

Data from shared/reference/twilio.md, "Country rules"; which channel a clinic uses is the house's matter.
Called when a template is saved or a sender is configured, and by the tests that lint every shipped text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notifications.compose import Template

_LINK: Final = re.compile(r"https?://|\bwww\.|\b[\w-]+\.(?:com|org|net|info|co|io|tr|de|ly)\b", re.IGNORECASE)


class SenderKind(StrEnum):
    """Whom a text comes from, as the phone shows it."""

    LONG_CODE = "long_code"
    TOLL_FREE = "toll_free"
    SHORT_CODE = "short_code"
    ALPHANUMERIC = "alphanumeric"
    MESSAGING_SERVICE = "messaging_service"


@dataclass(frozen=True, slots=True)
class Route:
    """The way of a text to one country (ISO 3166-1 alpha-2)."""

    country: str
    replies: bool
    links: bool
    sender_kinds: tuple[SenderKind, ...]


_NORTH_AMERICA: Final = ("US", "CA")
_EUROPE: Final = (
    *("AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE"),
    *("IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"),
)
_TWO_WAY_NUMBERS: Final = (SenderKind.LONG_CODE, SenderKind.TOLL_FREE, SenderKind.SHORT_CODE)


def route_for(country: str) -> Route:
    """Say what a text to a country can carry.

    Turkey takes one-way texts without links from a registered name only (April 2026); for a country we know
    nothing about, the same is assumed.
    """
    if country in _NORTH_AMERICA:
        return Route(country, True, True, (*_TWO_WAY_NUMBERS, SenderKind.MESSAGING_SERVICE))
    if country in _EUROPE:
        kinds = (SenderKind.LONG_CODE, SenderKind.ALPHANUMERIC, SenderKind.MESSAGING_SERVICE)
        return Route(country, True, True, kinds)
    return Route(country, False, False, (SenderKind.ALPHANUMERIC, SenderKind.MESSAGING_SERVICE))


def sender_kind(sender: str) -> SenderKind:
    """Tell the kind of a configured sender by how it is written; raises ValueError for what is none."""
    if re.fullmatch(r"MG[0-9a-f]{32}", sender):
        return SenderKind.MESSAGING_SERVICE
    if re.fullmatch(r"\+1(?:800|833|844|855|866|877|888)\d{7}", sender):
        return SenderKind.TOLL_FREE
    if re.fullmatch(r"\+[1-9]\d{6,14}", sender):
        return SenderKind.LONG_CODE
    if re.fullmatch(r"\d{3,6}", sender):
        return SenderKind.SHORT_CODE
    if re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}", sender):
        return SenderKind.ALPHANUMERIC
    raise ValueError(
        "a sender is a number (+…), a short code, a name of at most 11 letters, or MG… of a service"
    )


def lint_template(template: Template, words: str, route: Route, sender: SenderKind) -> Sequence[str]:
    """List, in sentences, why a text cannot go this way; empty when it can."""
    findings = []
    if sender not in route.sender_kinds:
        findings.append(f"{route.country} does not take texts from a {sender.value.replace('_', ' ')}")
    if template.expects_reply and not route.replies:
        findings.append(f"{template.name} asks for an answer, and {route.country} carries none back")
    elif template.expects_reply and sender is SenderKind.ALPHANUMERIC:
        findings.append(f"{template.name} asks for an answer, and nobody can write back to a name")
    if has_link(words) and not route.links:
        findings.append(f"{template.name} has a link, and {route.country} does not deliver texts with one")
    return findings


def has_link(words: str) -> bool:
    """Tell whether a carrier would take something in the text for a web address."""
    return _LINK.search(words) is not None
