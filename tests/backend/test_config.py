"""Settings: read once, every mistake named at once, nothing secret taken from nowhere."""

import pytest

from backend.config import load_settings
from backend.errors import SettingsError


def mistakes(**environ: str) -> list[str]:
    """Return what is said of an environment that is refused."""
    with pytest.raises(SettingsError) as refused:
        load_settings(environ)
    return str(refused.value).splitlines()


def test_an_empty_environment_is_enough_to_try_it_out() -> None:
    settings = load_settings({})
    assert (settings.is_sqlite, settings.production, settings.redact_at_provider) == (True, False, False)


@pytest.mark.parametrize(("text", "on"), [("on", True), ("TRUE", True), ("1", True), ("off", False)])
def test_a_switch_is_read_as_people_write_it(text: str, on: bool) -> None:
    assert load_settings({"REDACT_AT_PROVIDER": text}).redact_at_provider is on


def test_a_switch_that_is_neither_on_nor_off_is_refused() -> None:
    assert mistakes(REDACT_AT_PROVIDER="maybe") == [
        "REDACT_AT_PROVIDER: 'maybe' is neither on nor off; give on or off"
    ]


def test_all_mistakes_are_named_at_once() -> None:
    said = mistakes(DISPATCH_LEASE_SECONDS="soon", PUBLIC_URL="clinic", LOG_LEVEL="INFO")
    assert [line.partition(":")[0] for line in said] == ["PUBLIC_URL", "DISPATCH_LEASE_SECONDS"]


def test_production_refuses_to_start_without_a_secret_of_its_own() -> None:
    (said,) = mistakes(PUBLIC_URL="https://clinic.example")
    assert said.startswith("SECRET_KEY: missing")


def test_the_price_of_a_segment_is_read_by_country() -> None:
    prices = load_settings({"SEGMENT_PRICES": "TR=0.031 USD"}).segment_prices
    assert str(prices["TR"].amount) == "0.031"


def test_a_price_that_cannot_be_read_is_named_with_what_would_be_right() -> None:
    with pytest.raises(
        SettingsError, match=r"SEGMENT_PRICES: 'TR=cheap' is no price .* such as TR=0\.031 USD"
    ):
        load_settings({"SEGMENT_PRICES": "TR=cheap"})
