"""The first year of each shipped protocol, held to the page a reviewer has read."""

import pytest

from tests.schedules.golden import CASES, FOLDER, Case, render


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_the_year_is_the_one_on_the_reviewed_page(case: Case):
    page = (FOLDER / case.file).read_text(encoding="utf-8")
    assert render(case) == page, "read the difference, then: python -m tests.schedules.golden"
