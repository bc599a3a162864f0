"""The public holidays of a country, named in every language we write: the only import of `holidays`.

The package computes them from each country's law; what it does not know is no holiday here. Half days are
working days. Called by the house, which hands them to `open_days.OpenDays`.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache, partial

from schedules.vocabulary import LANGUAGES, Text

_NAMES_IN = {"en": "en_US", "tr": "tr"}
"""Our languages as the package writes them; where it has no such names, the country's own are used."""


def public_holidays(country: str) -> Callable[[date], Text | None]:
    """Return what names the public holidays of a country (ISO 3166-1 alpha-2); none for one not known."""
    return partial(_holiday, country)


def _holiday(country: str, day: date) -> Text | None:
    return _year(country, day.year).get(day)


@lru_cache(maxsize=512)
def _year(country: str, year: int) -> Mapping[date, Text]:
    import holidays  # 8 MB of memory, which a worker that plans nothing does without

    if country not in holidays.list_supported_countries():
        return {}
    languages = holidays.list_localized_countries().get(country, ())
    named = {
        language: holidays.country_holidays(
            country, years=year, language=name if (name := _NAMES_IN[language]) in languages else None
        )
        for language in LANGUAGES
    }
    return {
        day: {language: str(names.get(day)) for language, names in named.items()}
        for day in next(iter(named.values()))
    }
