"""The sentences of why-logs: each known by its pattern, with its words for translation.

Said by the outbox, the dispatcher and the services in English and stored so; `sentences` shows them. A group
named `reason` is a sentence itself, one named `on` a day.
"""

from typing import Final

from backend.dashboard.language import mark

_BROKE_OFF: Final = (
    r"the connection broke after the request: \S+"
    r"|the provider failed while handling the request: HTTP \d+"
    r"|the provider's answer (cannot be read|is not about this text)"
    r"|the gateway broke its contract: \S+"
    r"|the worker stopped (while sending|before the provider answered): .+"
)
_PUT_BACK: Final = (
    r"the worker stopped before its turn"
    r"|its turn came too late: .+"
    r"|came back within one tick: set aside"
    r"|not due yet"
)

WHY_LOG: Final = (
    # planned, moved, called off
    (
        r"planned by (?P<protocol>\S+) (?P<version>\S+): \S+",
        mark("planned by %(protocol)s, version %(version)s"),
    ),
    (r"first text after enrolment", mark("first text after enrolment")),
    (r"written by (?P<name>.+)", mark("written by %(name)s")),
    (r"answer to a text of the patient's", mark("answer to a text of the patient's")),
    (r"answer to a text that names .+", mark("safety text, after a warning sign")),
    (
        r"moved to (?P<clock>[\d:]+): quiet hours (?P<zone>\S+)",
        mark("moved to %(clock)s: quiet hours, %(zone)s"),
    ),
    (
        r"moved to (?P<clock>[\d:]+): the hour the patient prefers",
        mark("moved to %(clock)s: the hour the patient prefers"),
    ),
    (
        r"a minute later: another text had just gone",
        mark("a minute later: another text had just gone"),
    ),
    (
        r"a nudge waits until its question has been out for .+",
        mark("a reminder of a question waits until the patient has had time to answer"),
    ),
    (
        r"asked together with .*",
        mark("asked together with the patient's other plan"),
    ),
    (
        r"said together with .*",
        mark("said together with the patient's other plan"),
    ),
    (
        r"waits: the same text is just going for the patient's other plan",
        mark("waits: the same text is just going for the patient's other plan"),
    ),
    (
        r"waits: a question about another region is open",
        mark("waits: a question about another region is open"),
    ),
    (
        r"the question about the other region is answered: .+",
        mark("the question about the other region is answered: this one is next"),
    ),
    (
        r"the number (?P<value>\d+), which could be meant for either of two questions",
        mark("the number %(value)s, which could be meant for either of two questions"),
    ),
    (
        r"follows the new rules of the time zone",
        mark("follows the new rules of the time zone"),
    ),
    (r"not needed any more: answered", mark("not needed any more: answered")),
    (r"not needed any more: .+", mark("not needed any more")),
    (r"fell due while the plan was on hold", mark("fell due while the plan was on hold")),
    (r"follows the appointment for \S+", mark("follows the appointment")),
    (r"follows the date of \S+", mark("follows the date")),
    (r"its day is past: .+", mark("its day is past")),
    (r"follows the procedure's new date", mark("follows the procedure's new date")),
    (r"by the protocol as it is now", mark("by the protocol as it is now")),
    (
        r"follows the patient's place, hour or language",
        mark("follows the patient's place, hour or language"),
    ),
    (r"back as it was", mark("back as it was")),
    (r"same date, new words", mark("same date, new words")),
    (r"the procedure was moved", mark("the procedure was moved")),
    (r"the procedure was cancelled", mark("the procedure was cancelled")),
    # not sent
    (r"too late to be useful: not sent", mark("too late to be useful: not sent")),
    (
        r"quiet hours \S+ last until it is too late.*",
        mark("too late to be useful after the quiet hours: not sent"),
    ),
    (r"not sent: opted out on (?P<on>.+)", mark("not sent: the patient opted out on %(on)s")),
    (r"not sent: no consent to texts is on record", mark("not sent: no consent to texts is on record")),
    (
        r"not sent: the number has been unreachable since (?P<on>.+)",
        mark("not sent: the number has not been reachable since %(on)s"),
    ),
    (r"not sent: the plan is on hold", mark("not sent: the plan is on hold")),
    (r"not sent: the plan was (revoked|completed)", mark("not sent: the plan has ended")),
    (r"not sent: late, and a newer text .+", mark("not sent: late, and a newer text takes its place")),
    (r"not sent in time: (?P<reason>.+)", mark("not sent in time: %(reason)s")),
    # tried
    (r"handed to the provider", mark("handed to the provider")),
    (r"not tried yet: (?P<reason>.+)", mark("not tried yet: %(reason)s")),
    (r"no connection to the provider: \S+", mark("no connection to the provider")),
    (r"the provider does not answer", mark("the provider does not answer")),
    (r"the provider asks us to slow down", mark("the provider asks us to slow down")),
    (r"the provider cannot take it now", mark("the provider cannot take it now")),
    (r"the provider refused it: HTTP \d+", mark("the provider refused it")),
    (r"the provider refuses our credentials: .+", mark("the provider refuses our credentials")),
    (
        _BROKE_OFF,
        mark("it broke off while being handed over: whether it went is not known yet"),
    ),
    (
        _PUT_BACK,
        mark("put back untried: it goes a little later"),
    ),
    (r"there is no time zone .+", mark("the patient's time zone does not exist")),
    # what became of it
    (r"the provider has it", mark("the provider has it")),
    (r"on its way", mark("on its way")),
    (r"delivered to the phone", mark("delivered to the phone")),
    (r"the phone did not get it", mark("the phone did not get it")),
    (r"the provider gave up on it", mark("the provider gave up on it")),
    (r"too late: it expired in the provider's queue", mark("too late: it expired in the provider's queue")),
    (
        r"the phone was off: a second try follows an hour later",
        mark("the phone was off: a second try follows an hour later"),
    ),
    (
        r"the network had no room: a second try follows five minutes later",
        mark("the network had no room: a second try follows five minutes later"),
    ),
    (r"second try: .+", mark("second try of a text that did not arrive")),
    (
        r"the provider does not know it, so it never left: .+",
        mark("the provider does not know it, so it never left: it is sent again"),
    ),
    (
        r"whether it was sent was never confirmed, .+",
        mark("whether it was sent was never confirmed, and it is too late to send it again"),
    ),
    (r"no delivery report ever came.*", mark("no delivery report ever came")),
    (r"sent twice: .+", mark("it may have arrived twice: an earlier attempt had gone as well")),
    (r"its words were emptied at the provider", mark("its words were erased at the provider")),
    (
        r"the provider no longer has it, so there are no words to empty",
        mark("the provider no longer has it: there is nothing to erase"),
    ),
)
"""Pattern of the whole sentence, and what is shown for it."""

NOTES: Final = {
    "found in its list": mark("found in the provider's list"),
    "the provider was asked": mark("the provider was asked"),
}
"""How we learnt of a report, behind its reason."""
