"""Twilio's own opt-out words: which texts it answers itself, and with what.

Pure. Twilio knows only the English defaults; other languages' words reach the clinic as ordinary texts, and
here too. The list is that of Twilio's page on opt-out keywords.
"""

from __future__ import annotations

from enum import StrEnum


class Keyword(StrEnum):
    """What a text means to Twilio; the value is what it writes into OptOutType."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


_WORDS = {
    **dict.fromkeys(
        ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"), Keyword.STOP
    ),
    **dict.fromkeys(("start", "yes", "unstop"), Keyword.START),
    **dict.fromkeys(("help", "info"), Keyword.HELP),
}

_ANSWERS = {
    Keyword.STOP: "You are unsubscribed and will get no more messages from this number. "
    "Reply START to subscribe again.",
    Keyword.START: "You are subscribed again to messages from this number. "
    "Reply HELP for help, STOP to unsubscribe.",
    Keyword.HELP: "Reply STOP to unsubscribe. Message and data rates may apply.",
}


def keyword_in(body: str) -> Keyword | None:
    """Yield the keyword a text consists of; a keyword inside a longer text is none."""
    return _WORDS.get(body.strip().lower())


def answer_to(keyword: Keyword, *, was_opted_out: bool) -> str | None:
    """Yield Twilio's own reply; None where it stays silent: STOP said twice, START with nothing to undo."""
    if keyword is Keyword.STOP and was_opted_out:
        return None
    if keyword is Keyword.START and not was_opted_out:
        return None
    return _ANSWERS[keyword]
