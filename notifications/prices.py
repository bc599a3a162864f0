"""Roughly what a text costs: a price per segment by country, with where each figure comes from.

An order of magnitude for planning, never a bill: Twilio's prices change, differ by carrier and by contract,
and carriers add fees. What an account really pays is told with SEGMENT_PRICES. Pure; called by whoever shows
a simulation, and by the settings.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_ONE: Final = re.compile(r"([A-Za-z]{2})\s*=\s*(\d{1,3}(?:\.\d{1,5})?)\s*([A-Za-z]{3})", re.ASCII)
_HOW: Final = "write country, price and currency such as TR=0.031 USD, several with commas between"
_GUESSED: Final = "proposed: an order of magnitude, not looked up; see the prices of your own account"
_US_LIST: Final = "Twilio's published list price of October 2026, without the carriers' fees"


@dataclass(frozen=True, slots=True)
class SegmentPrice:
    """What one segment to a country (ISO 3166-1 alpha-2) costs, in major units of the currency (ISO 4217).

    `source` says in words where the figure comes from; `proposed` ones nobody has confirmed.
    """

    country: str
    amount: Decimal
    currency: str
    source: str
    proposed: bool

    def of(self, segments: int) -> Decimal:
        """Return about what so many segments cost, to the cent."""
        return (self.amount * segments).quantize(Decimal("0.01"))


def _guess(country: str, amount: str) -> SegmentPrice:
    return SegmentPrice(country, Decimal(amount), "USD", _GUESSED, proposed=True)


LIST_PRICES: Final[Mapping[str, SegmentPrice]] = {
    price.country: price
    for price in (
        SegmentPrice("US", Decimal("0.0083"), "USD", _US_LIST, proposed=False),
        _guess("TR", "0.04"),
        _guess("DE", "0.11"),
        _guess("GB", "0.05"),
    )
}
"""What is assumed where an installation says nothing, by country; for any other country nothing is."""


def price_per_segment(country: str, own: Mapping[str, SegmentPrice]) -> SegmentPrice | None:
    """Return the price to a country, the installation's `own` before the list's; None where none is known."""
    return own.get(country) or LIST_PRICES.get(country)


def read_prices(text: str) -> Mapping[str, SegmentPrice]:
    """Read the prices an installation pays, such as "TR=0.031 USD, DE=0.09 EUR", by country.

    Empty for nothing. Raises ValueError that quotes what is wrong and says what would be right.
    """
    prices = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _ONE.fullmatch(part)
        if found is None:
            raise ValueError(f"'{part}' is no price of a segment; {_HOW}")
        country, amount, currency = found[1].upper(), Decimal(found[2]), found[3].upper()
        if country in prices:
            raise ValueError(f"{country} has two prices; {_HOW}")
        prices[country] = SegmentPrice(country, amount, currency, "SEGMENT_PRICES", proposed=False)
    return prices
