"""Is the process alive, and is it ready? Answers without a key, for supervisors and load balancers.

/healthz  200 as long as the loop turns; a supervisor restarts on anything else.
/readyz   200 when every check passes, otherwise 503 with the reason of each that does not; a balancer looks elsewhere.
/health   the answer that Flexprice's clients know.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from streamgauge.web.exchange import Exchange
from streamgauge.web.reply import Receive, Reply
from streamgauge.web.routing import Answer, Endpoint, Path

_OK = b'{"status":"ok"}'
# A cached answer of yesterday would tell nothing about today.
_UNCACHED = ((b"cache-control", b"no-store"),)


class ReadinessCheck(NamedTuple):
    """name: a word for the reply. fault: why it does not pass, None when it does; must be cheap and must not block."""

    name: str
    fault: Callable[[], str | None]


class LoaderWatch:
    """Tells a loader that stands still from one that has nothing to do.

    Stalled means: something waits to be loaded, and for `patience_s` the loader has not moved. lag_bytes: how much waits.
    loaded: the position up to which all is loaded. is_running: the loader's thread lives. monotonic: seconds.
    """

    def __init__(
        self,
        *,
        lag_bytes: Callable[[], int],
        loaded: Callable[[], int],
        is_running: Callable[[], bool],
        monotonic: Callable[[], float],
        patience_s: float = 60.0,
    ) -> None:
        self._lag_bytes = lag_bytes
        self._loaded = loaded
        self._is_running = is_running
        self._monotonic = monotonic
        self._patience_s = patience_s
        self._last_loaded = -1
        self._moved_at = monotonic()

    def fault(self) -> str | None:
        """To be asked from time to time: what happens between two questions is judged at the second."""
        if not self._is_running():
            return "the loader has stopped"
        now = self._monotonic()
        loaded = self._loaded()
        if loaded != self._last_loaded or self._lag_bytes() == 0:
            self._last_loaded = loaded
            self._moved_at = now
            return None
        still_s = now - self._moved_at
        return f"the loader has not moved for {still_s:.0f} s" if still_s >= self._patience_s else None


def health_paths(checks: Iterable[ReadinessCheck]) -> list[Path]:
    """The routes of this module, for the router."""
    readiness = Endpoint(_readiness(tuple(checks)))
    alive = Endpoint(_alive)
    return [
        Path("/healthz", "GET", alive),
        Path("/readyz", "GET", readiness),
        Path("/health", "GET", alive),
        Path("/health", "POST", alive),
    ]


async def _alive(_exchange: Exchange, _receive: Receive, _parameters: Mapping[str, str]) -> Reply:
    return Reply(200, _OK, headers=_UNCACHED)


def _readiness(checks: tuple[ReadinessCheck, ...]) -> Answer:
    async def answer(_exchange: Exchange, _receive: Receive, _parameters: Mapping[str, str]) -> Reply:
        faults = {check.name: fault for check in checks if (fault := check.fault()) is not None}
        if not faults:
            return Reply(200, b'{"status":"ready"}', headers=_UNCACHED)
        return Reply(503, msgspec.json.encode({"status": "not ready", "reasons": faults}), headers=_UNCACHED)

    return answer
