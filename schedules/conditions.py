"""For whom a step or a text is meant: conditions on the facts of a procedure.

A fact can have several values (a procedure at two levels); a fact nobody has told has none. Which facts there
are is `vocabulary`. Called by `steps` and `timeline`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Facts = Mapping[str, tuple[str, ...]]
"""What is known of a procedure and its patient: fact -> its values."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Facts that must have one of these values, and facts that must have none of those.

    A fact that is not known fails what is required and offends nothing that is excluded.
    """

    required: Facts = field(default_factory=dict)
    excluded: Facts = field(default_factory=dict)

    def met_by(self, facts: Facts) -> bool:
        """Say whether these facts meet every part of the condition."""
        for fact, named in self.required.items():
            if not any(value in named for value in facts.get(fact, ())):
                return False
        return not any(
            value in named for fact, named in self.excluded.items() for value in facts.get(fact, ())
        )


EVERYONE = Condition()
"""The condition that any procedure meets."""


def known_facts(told: Mapping[str, str | Sequence[str]]) -> Facts:
    """Return facts as conditions read them; a single value may be told as a plain word."""
    return {fact: (value,) if isinstance(value, str) else tuple(value) for fact, value in told.items()}
