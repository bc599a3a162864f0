"""Small protocols for the tests, written as files are."""

from schedules.catalogue import parse_protocol
from schedules.protocol import CareProtocol

HEAD = """\
id = "small"
version = 1
status = "draft"
region = "lumbar"
texts_at = "10:00"
titles = { en = "Small", tr = "Küçük" }
"""
WORDS = 'title = { en = "T", tr = "T" }\nwhy = { en = "W", tr = "W" }\nsource = "seed"\n'
QUESTION = """\
[questions.pain]
text = { en = "How strong?", tr = "Kaç?" }
minimum = 0
maximum = 10
"""


def step(key: str, kind: str, body: str) -> str:
    """A step table with the words every step needs."""
    return f'[steps.{key}]\nkind = "{kind}"\n{WORDS}{body}\n'


def protocol(*parts: str) -> CareProtocol:
    """A protocol of the head, one question and these tables."""
    return parse_protocol("\n".join([HEAD, QUESTION, *parts]), "small.toml")


def check_in(key: str = "check_in_d1", due: str = "P1D", expires: str = "P2D", more: str = "") -> str:
    """A check-in that asks for pain."""
    body = f'window = {{ due = "{due}", expires = "{expires}" }}\nquestions = ["pain"]\ntemplate = "ask"\n'
    return step(key, "check_in", body + more)


NUDGED = 'nudge_template = "nudge"\nnudge_after = "PT4H"\n'
