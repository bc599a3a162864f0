"""Roughly what a text costs: the list, an installation's own figures, and what is refused."""

from decimal import Decimal

import pytest

from notifications.prices import LIST_PRICES, price_per_segment, read_prices


def test_a_price_says_where_it_comes_from():
    assert all(price.source for price in LIST_PRICES.values())
    assert [code for code, price in LIST_PRICES.items() if not price.proposed] == ["US"]


def test_an_installations_own_price_goes_before_the_list():
    own = read_prices("TR=0.031 EUR")
    price = price_per_segment("TR", own)
    assert (price.amount, price.currency, price.source, price.proposed) == (
        Decimal("0.031"),
        "EUR",
        "SEGMENT_PRICES",
        False,
    )


def test_for_a_country_nobody_has_priced_there_is_no_price():
    assert price_per_segment("NP", {}) is None


def test_segments_are_priced_to_the_cent():
    assert read_prices("us = 0.0083 usd")["US"].of(92) == Decimal("0.76")


def test_several_prices_are_read_and_none_is_none():
    assert set(read_prices("TR=0.031 USD, de=0.09EUR")) == {"TR", "DE"}
    assert read_prices(" ") == {}


@pytest.mark.parametrize(
    "text", ["TR", "TR=free USD", "TR=0.03", "TUR=0.03 USD", "TR=-1 USD", "TR=0.03 dollars"]
)
def test_what_is_no_price_is_quoted_with_what_would_be_right(text):
    with pytest.raises(ValueError, match=r"such as TR=0\.031 USD") as refused:
        read_prices(text)
    assert f"'{text}'" in str(refused.value)


def test_two_prices_for_one_country_are_refused():
    with pytest.raises(ValueError, match="TR has two prices"):
        read_prices("TR=0.03 USD, tr=0.04 USD")
