"""The tree of errors the house raises; interfaces map them to HTTP in one place.

What a wing raises (`ProtocolError`, `SendError`) stays the wing's own.
"""


class RecoveryError(Exception):
    """A request that cannot be carried out; the message is a sentence for people."""


class NotFound(RecoveryError):
    """What was asked for does not exist, or belongs to another clinic."""


class Conflict(RecoveryError):
    """It contradicts what is already recorded (a second identical procedure, a closed alert)."""


class Refused(RecoveryError):
    """It is understood and not allowed."""


class Invalid(RecoveryError):
    """A field's value cannot be used.

    `fields` maps a field's name to the sentences that say what would be right.
    """

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self.fields = fields
        super().__init__("; ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items()))


class SettingsError(RecoveryError):
    """The environment does not add up; the message lists every mistake, one a line."""


class UnreadableFile(RecoveryError):
    """A file given on the command line cannot be used; the sentence is for a terminal."""
