"""Slows down whoever guesses passwords: after a few failures each further one doubles the time until the next try.

Counted by account and by the sender's network, so that neither many senders for one account nor one sender for many accounts get
far. A success forgets the account's failures. In memory: a restart forgets all, and takes longer than it would win.
"""

from collections import OrderedDict
from typing import NamedTuple

FREE_OF_ACCOUNT = 5
FREE_OF_NETWORK = 20
LONGEST_WAIT_MS = 900_000
_FORGOTTEN_AFTER_MS = 86_400_000
_MOST_NAMES = 20_000


class _Failures(NamedTuple):
    number: int
    last_ms: int
    until_ms: int


class Lockout:
    """For use by one thread at a time."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait_s(self, account: str, network: str, now_ms: int) -> int:
        """Whole seconds until the next try; 0 when it may come now."""
        until_ms = max(self._until(f"account {account}", now_ms), self._until(f"network {network}", now_ms))
        return max(0, -(-(until_ms - now_ms) // 1_000))

    def failed(self, account: str, network: str, now_ms: int) -> None:
        self._note(f"account {account}", FREE_OF_ACCOUNT, now_ms)
        self._note(f"network {network}", FREE_OF_NETWORK, now_ms)

    def succeeded(self, account: str, network: str) -> None:
        """The account's failures are forgotten, and the network's last one, which was counted before the check."""
        self._failures.pop(f"account {account}", None)
        found = self._failures.get(f"network {network}")
        if found is not None:
            self._failures[f"network {network}"] = found._replace(number=max(0, found.number - 1), until_ms=found.last_ms)

    def _until(self, name: str, now_ms: int) -> int:
        found = self._failures.get(name)
        return 0 if found is None else found.until_ms

    def _note(self, name: str, free: int, now_ms: int) -> None:
        before = self._failures.pop(name, None)
        number = 1 if before is None or now_ms - before.last_ms > _FORGOTTEN_AFTER_MS else before.number + 1
        wait_ms = 0 if number < free else min(LONGEST_WAIT_MS, 1_000 << min(number - free, 20))
        self._failures[name] = _Failures(number, now_ms, now_ms + wait_ms)
        while len(self._failures) > _MOST_NAMES:
            self._failures.popitem(last=False)
