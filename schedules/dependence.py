"""Which steps of a protocol depend on which: so that a change is worked out only where it can matter.

Pure; called by the house's re-planning of one milestone, and of a cohort.
"""

from collections.abc import Collection

from schedules.protocol import CareProtocol
from schedules.steps import Step
from schedules.windows import End


def hanging_on(protocol: CareProtocol, keys: Collection[str]) -> frozenset[str]:
    """Return these steps and every step whose date depends on one of them, however indirectly."""
    found = set(keys)
    while more := {step.key for step in protocol.steps if found & _named(step)} - found:
        found |= more
    return frozenset(found)


def leading_to(protocol: CareProtocol, keys: Collection[str]) -> frozenset[str]:
    """Return these steps and every step that one of their dates depends on."""
    found = set(keys)
    steps = [step for step in protocol.steps if _named(step)]
    while more := {name for step in steps if step.key in found for name in _named(step)} - found:
        found |= more
    return frozenset(found)


def changed_steps(old: CareProtocol, new: CareProtocol) -> frozenset[str]:
    """Return the keys of the steps that one protocol has otherwise than the other, and what hangs on them."""
    before = {step.key: step for step in old.steps}
    after = {step.key: step for step in new.steps}
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    return hanging_on(old, changed) | hanging_on(new, changed)


def _named(step: Step) -> frozenset[str]:
    """The milestones a step's dates are counted from."""
    anchors = [step.window.anchor] if step.window else []
    if isinstance(step.ends, End):
        anchors.append(step.ends.anchor)
    return frozenset(key for anchor in anchors for key in anchor.depends_on)
