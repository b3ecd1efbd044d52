"""Passwords as argon2id hashes (RFC 9106), with the parameters in each hash, so that they can be raised later.

One check takes about 50 ms and MEMORY_KIB of memory; callers keep it off the event loop and few at once. argon2 is imported when
the first one is asked for: most servers start long before.
"""

from functools import cache
from typing import TYPE_CHECKING

from streamgauge.kernel.refusal import Reason, Refusal

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST_CHARACTERS = 10
MOST_CHARACTERS = 200
MEMORY_KIB = 32 * 1024
_ROUNDS = 3


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=_ROUNDS, memory_cost=MEMORY_KIB, parallelism=1)


@cache
def _nobody() -> str:
    """Compared with where there is no such person, so that a refusal takes as long as for one who is there."""
    return _hasher().hash("nobody has this password")


def hash_password(password: str, email: str) -> str:
    """Raises Refusal invalid_parameter for one that is too short, too long, or the e-mail address."""
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        expected = f"{LEAST_CHARACTERS} to {MOST_CHARACTERS} characters"
        raise Refusal(Reason.INVALID_PARAMETER, f"A password has {expected}.", field="password", expected=expected)
    if password.lower() == email.lower():
        message = "The e-mail address is no password."
        raise Refusal(Reason.INVALID_PARAMETER, message, field="password", expected="something that nobody guesses")
    return _hasher().hash(password)


def is_password(stored: str | None, password: str) -> bool:
    """Whether the password is the one whose hash is stored; takes as long when nothing is."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(_nobody() if stored is None else stored, password[:MOST_CHARACTERS]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
