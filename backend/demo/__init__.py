"""A demo clinic with patients at every stage, whose history the product itself has made.

What lives here: who the people are, what they say and when, and a clock that is moved
through their days while the real services, outbox and jobs do the rest, with a gateway
in memory. What does not: any row written past the services. Called by the command line,
into an empty database only; nothing else imports it.
"""

from backend.demo.clinic import SIGN_INS, SignIn, demo_is_here, is_empty
from backend.demo.history import seed
from backend.demo.people import APP_PHONE, PEOPLE, Person, phone_of

__all__ = [
    "APP_PHONE",
    "PEOPLE",
    "SIGN_INS",
    "Person",
    "SignIn",
    "demo_is_here",
    "is_empty",
    "phone_of",
    "seed",
]
