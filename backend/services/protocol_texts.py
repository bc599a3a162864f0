"""Whether every text a protocol names has been written, and tells what its step knows.

A protocol knows names of texts, `notifications` their words; only the house can hold the two together. Called
when a protocol file is checked or tried out.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from notifications.compose import templates
from schedules.protocol import TEXT_FACTS, CareProtocol, ProtocolError, Step


@dataclass(frozen=True, slots=True)
class _Named:
    """A text named in a protocol: where, its name, and the facts that will be told; `all_of_them` or some."""

    path: str
    template: str
    told: tuple[str, ...]
    all_of_them: bool = True


def check_texts(protocol: CareProtocol) -> None:
    """Raise ProtocolError for a text nobody has written, and for one that tells other dates than its step."""
    for named in _named(protocol):
        template = templates().get(named.template)
        if template is None:
            close = difflib.get_close_matches(named.template, templates(), n=1)
            right = f"did you mean {close[0]}?" if close else "write one of those in notifications/copy"
            raise ProtocolError(
                protocol.file, named.path, f'found "{named.template}", a text nobody has written; {right}'
            )
        missing = [fact for fact in template.facts if fact not in named.told]
        unsaid = [fact for fact in named.told if fact not in template.facts]
        if missing:
            can_be_told = named.all_of_them and set(missing) <= set(TEXT_FACTS)
            right = "add it to facts" if can_be_told else "write another text"
            raise ProtocolError(
                protocol.file,
                named.path,
                f'found "{named.template}", which needs {", ".join(missing)}; {right}',
            )
        if unsaid and named.all_of_them:
            raise ProtocolError(
                protocol.file,
                named.path,
                f'found "{named.template}", which does not tell {", ".join(unsaid)}; write another text',
            )


def _named(protocol: CareProtocol) -> Iterator[_Named]:
    for name, template in protocol.procedure_texts.items():
        yield _Named(f"procedure_texts.{name}", template, ("procedure_on", "procedure_at"), all_of_them=False)
    for step in protocol.steps:
        yield from _named_by_step(step)


def _named_by_step(step: Step) -> Iterator[_Named]:
    path = f"steps.{step.key}"
    if step.template:
        yield _Named(f"{path}.template", step.template, step.facts)
    for position, variant in enumerate(step.variants):
        yield _Named(f"{path}.variants.{position}.template", variant.template, step.facts)
    if step.nudge_template:
        yield _Named(f"{path}.nudge_template", step.nudge_template, step.facts)
    for position, reminder in enumerate(step.reminders):
        yield _Named(f"{path}.reminders.{position}.template", reminder.template, ("due_on",))
        yield _Named(f"{path}.reminders.{position}.booked_template", reminder.booked_template, ("booked_at",))
