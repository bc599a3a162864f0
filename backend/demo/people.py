"""The demo's patients: who they are, how their recovery goes, and what they say of their own accord.

Numbers are dialled by nobody: +90 501 000 is not known to be in use, the others are kept free for fiction
by the regulators of Germany and of North America. In `make run` the texts go to the phone simulator anyway.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Said:
    """A text of the patient's own: `ago` before the present."""

    ago: timedelta
    body: str


@dataclass(frozen=True, slots=True)
class Person:
    """One patient. `day` is how many days ago the procedure was; below 0 it is still to come.

    `course` names how the pain goes, `answers` says otherwise for single days (None: no
    answer), `silent_from` ends all answers. `leave` lists what the staff has not done: alerts
    ("open", "taken"), texts ("texts"), and milestones by key.
    """

    given_name: str
    family_name: str
    day: int
    region: str
    levels: tuple[str, ...]
    technique: str
    baseline: int | None
    born: int
    language: str = "tr"
    phone: str | None = None
    zone: str = "Europe/Istanbul"
    anaesthesia: str = "local"
    course: str = "good"
    answers: Mapping[int, str | None] = field(default_factory=dict)
    silent_from: int | None = None
    says: tuple[Said, ...] = ()
    told_by_phone: Mapping[int, int] = field(default_factory=dict)
    held_since: int | None = None
    dead_number_from: int | None = None
    leave: frozenset[str] = frozenset()
    completed: bool = False


def _hours(hours: float) -> timedelta:
    return timedelta(hours=hours)


def _days(days: float) -> timedelta:
    return timedelta(days=days)


_L45, _L5S, _L34 = ("L4-L5",), ("L5-S1",), ("L3-L4",)
_C56, _C67, _C45 = ("C5-C6",), ("C6-C7",), ("C4-C5",)
_RF, _OZ, _LA = "radiofrequency", "ozone", "laser"
_LUM, _CER = "lumbar", "cervical"

# fmt: off
PEOPLE: Final = (
    # still to come
    Person("Nermin", "Akın", -9, _LUM, _L45, _RF, 7, 1971),
    Person("Okan", "Bulut", -3, _LUM, (*_L45, *_L5S), _OZ, 8, 1983, anaesthesia="sedation"),
    Person("Hannah", "Weiss", -1, _CER, _C56, _RF, 6, 1979, "en", "+491713920001", "Europe/Berlin"),
    # today and the first days
    Person("Yusuf", "Erdem", 0, _LUM, _L5S, _RF, 8, 1965),
    Person("Sevgi", "Polat", 0, _CER, _C67, _LA, 7, 1988),
    Person("Gülay", "Kurt", 1, _LUM, _L45, _OZ, 7, 1976),
    Person("Daniel", "Moore", 2, _LUM, _L45, _RF, 8, 1980, "en"),
    Person("Zeynep", "Çelik", 6, _LUM, _L5S, _RF, 9, 1959, silent_from=0, leave=frozenset({"open"})),
    Person("Emre", "Tunç", 4, _CER, _C56, _OZ, 6, 1992),
    Person("Hatice", "Yavuz", 5, _LUM, _L34, _RF, 8, 1954, answers={1: "8", 3: "6"}),
    Person("Kerem", "Aslan", 6, _LUM, _L45, _LA, 7, 1986),
    Person("Laura", "Bennett", 7, _CER, _C56, _RF, 7, 1974, "en", "+12025550111", "America/New_York"),
    Person(
        "John", "Sanders", 9, _CER, _C56, _RF, 9, 1968, "en",
        answers={1: "5", 3: "5", 7: "8"}, leave=frozenset({"taken"}),
    ),
    Person("Sibel", "Duman", 8, _LUM, _L5S, _OZ, 8, 1981),
    Person(
        "Tolga", "Şimşek", 10, _LUM, _L45, _RF, 6, 1990,
        says=(Said(_days(6), "Masaj yaptırabilir miyim?"),),
    ),
    Person(
        "Ayşe", "Yılmaz", 12, _LUM, _L45, _RF, 8, 1980,
        says=(Said(_hours(0.6), "Sabahtan beri idrar yapamıyorum"),), leave=frozenset({"open"}),
    ),
    Person(
        "Hüseyin", "Koç", 16, _LUM, _L5S, _LA, 8, 1962,
        says=(Said(_hours(5), "Ateşim 38,5 ve üşüyorum"),), leave=frozenset({"taken"}),
    ),
    Person("Pınar", "Güneş", 13, _CER, _C67, _OZ, 5, 1995),
    # weeks
    Person(
        "Mehmet", "Demir", 20, _LUM, _L5S, _RF, 8, 1972,
        answers={1: "5", 3: "4", 7: "2", 14: "1"}, told_by_phone={20: 6}, leave=frozenset({"open"}),
    ),
    Person(
        "Claire", "Dubois", 15, _LUM, _L45, _RF, 7, 1977, "en", "+491713920002", "Europe/Paris",
        says=(Said(_hours(3), "Can I drive to work on Monday?"),), leave=frozenset({"texts"}),
    ),
    Person("Rıza", "Özkan", 18, _LUM, _L34, _OZ, 9, 1950, course="slow"),
    Person("Nazlı", "Eren", 19, _CER, _C45, _RF, 6, 1984, dead_number_from=7, leave=frozenset({"taken"})),
    Person("Selim", "Acar", 22, _LUM, _L45, _LA, 7, 1969),
    Person("Burak", "Aydın", 25, _LUM, _L5S, _RF, 8, 1987, says=(Said(_days(13.2), "DUR"),)),
    Person(
        "Grace", "Okafor", 27, _LUM, _L45, _OZ, 8, 1991, "en",
        says=(Said(_days(20), "Can I fly next week?"),),
    ),
    Person("Ceren", "Kılıç", 24, _LUM, _L45, _RF, 6, 1998, leave=frozenset({"physical_therapy", "open"})),
    Person("Selin", "Kaya", 30, _CER, _C56, _RF, 7, 1975, held_since=18),
    Person(
        "Ali", "Öztürk", 33, _LUM, _L5S, _RF, 7, 1978,
        says=(Said(_hours(0.45), "Yüzmeye başlayabilir miyim?"),), leave=frozenset({"texts"}),
    ),
    Person(
        "Michael", "Turner", 36, _LUM, _L34, _LA, 8, 1963, "en",
        says=(Said(_days(29), "I have a fever of 38.6"),),
    ),
    Person("Leyla", "Arslan", 40, _LUM, (*_L34, *_L45), _RF, 9, 1957, course="slow"),
    # months
    Person("İsmail", "Çetin", 45, _LUM, _L45, _OZ, 7, 1966, course="flat", leave=frozenset({"open"})),
    Person("Esra", "Doğan", 58, _CER, _C67, _RF, 8, 1989),
    Person("Fatma", "Şahin", 80, _LUM, _L5S, _RF, 8, 1970, leave=frozenset({"mri_3_months", "open"})),
    Person("Robert", "Hayes", 88, _LUM, _L45, _RF, 7, 1961, "en"),
    Person("Gizem", "Toprak", 100, _CER, _C56, _LA, 6, 1993, silent_from=43),
    Person(
        "Orhan", "Yıldız", 140, _LUM, _L45, _RF, 9, 1955, course="slow",
        says=(Said(_days(131), "Sol bacağımda güç kaybı var"),),
    ),
    Person("Deniz", "Sezer", 190, _LUM, _L5S, _OZ, 7, 1982),
    # a year and more
    Person(
        "Maria", "Rossi", 290, _LUM, _L45, _RF, 8, 1967, "en", "+491713920003", "Europe/Rome",
        says=(
            Said(_days(285), "The needle site is red and swollen"),
            Said(_days(2), "Thank you for everything"),
        ),
    ),
    Person("Kemal", "Uçar", 368, _LUM, _L5S, _RF, 8, 1973),
    Person("Aylin", "Başaran", 380, _CER, _C56, _RF, 7, 1985),
    Person(
        "Steven", "Clark", 400, _LUM, _L45, _LA, 6, 1959, "en", "+12025550112", "America/Chicago",
        completed=True,
    ),
)
# fmt: on

_FIRST_PHONE: Final = 905010000001


def phone_of(person: Person) -> str:
    """Return the number of a person of PEOPLE, in E.164."""
    return person.phone or f"+{_FIRST_PHONE + PEOPLE.index(person)}"


APP_PHONE: Final = phone_of(next(person for person in PEOPLE if person.day == 1))
"""Whose app one may sign in to in the demo: a patient with a check-in today."""
