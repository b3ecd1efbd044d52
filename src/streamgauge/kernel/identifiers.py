"""Identifiers that the server makes: a prefix, an underscore and a ULID (26 characters, Crockford base 32).

A ULID is 48 bits of milliseconds and 80 bits of our own: 40 random bits drawn when the mint is made and a 40-bit counter
that never repeats within it. Two identifiers are therefore different by construction within a process, and differ between
processes unless both drew the same 40 bits and meet in the same millisecond with the same count.
"""

import os
import re

from streamgauge.kernel.clock import Clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_COUNTER_BITS = 40
_SERVER_FORM = re.compile(r"(?:evt|event)_[0-7][0-9A-HJKMNP-TV-Z]{25}")


def _base32(value: int, length: int) -> str:
    digits = []
    for _ in range(length):
        digits.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(digits))


class IdMint:
    """Makes identifiers. Not for use by several threads at once: give each thread its own mint."""

    def __init__(self, clock: Clock, entropy: bytes | None = None) -> None:
        seed = int.from_bytes(entropy or os.urandom(5), "big")
        self._clock = clock
        self._node = _base32(seed & ((1 << _COUNTER_BITS) - 1), 8)
        self._count = 0
        self._last_ms = -1
        self._head = ""

    def mint(self, prefix: str) -> str:
        """One identifier: `prefix`, underscore, ULID."""
        return f"{prefix}_{self._ulid()}"

    def mint_many(self, prefix: str, number: int) -> list[str]:
        """So many identifiers of one moment, at half the cost of minting one by one."""
        if number < 1:
            return []
        first = self.mint(prefix)
        if number == 1:
            return [first]
        head, start, pairs, mask = first[:-8], self._count, _PAIRS, (1 << _COUNTER_BITS) - 1
        self._count = start + number - 1 & mask
        counts = [count & mask for count in range(start, start + number)]
        return [
            head + pairs[count >> 30] + pairs[count >> 20 & 1023] + pairs[count >> 10 & 1023] + pairs[count & 1023]
            for count in counts
        ]

    def _ulid(self) -> str:
        now_ms = self._clock.now_ms()
        if now_ms != self._last_ms:
            self._last_ms = now_ms
            self._head = _base32(now_ms, 10) + self._node
        count = self._count = (self._count + 1) & ((1 << _COUNTER_BITS) - 1)
        pairs = _PAIRS
        return self._head + pairs[count >> 30] + pairs[count >> 20 & 1023] + pairs[count >> 10 & 1023] + pairs[count & 1023]


def has_server_form(event_id: str) -> bool:
    """True when an event id looks like one that a mint made (a client may send such an id back to us)."""
    return _SERVER_FORM.fullmatch(event_id) is not None
