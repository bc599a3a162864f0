"""How many random cases a law is tried on: few in `make test`, ten thousand when somebody asks for them.

`make test ARGS="tests/schedules --hypothesis-profile thorough"` tries them all; the profile is registered in
tests/conftest.py, where pytest sees it before it reads its options.
"""

from hypothesis import settings

THOROUGH = 10_000


def cases(few: int) -> settings:
    """Settings for a law: so many cases, the same ones each time, unless the profile asks for all."""
    thorough = settings.get_current_profile_name() == "thorough"
    return settings(max_examples=THOROUGH if thorough else few, deadline=None, derandomize=True)
