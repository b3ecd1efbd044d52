"""What is sent: API requests with eight properties, about 216 bytes of JSON each, the same on every run."""

import random
from pathlib import Path

import msgspec

BATCH_EVENTS = 1_000
EVENT_NAME = "api_request"
DAY = "2026-03-14"

_ROUTES = ("/v1/items", "/v1/items/search", "/v1/orders", "/v1/users", "/v1/users/me", "/health")
_COUNTRIES = ("DE", "FR", "US", "IN", "JP", "BR", "KE")
_PLANS = ("free", "pro", "team")


def one_event(chance: random.Random) -> dict[str, object]:
    """One event of the Solinth door, without an id, at some millisecond of DAY."""
    at_ms = chance.randrange(86_400_000)
    seconds, ms = divmod(at_ms, 1000)
    return {
        "event": EVENT_NAME,
        "timestamp": f"{DAY}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}Z",
        "properties": {
            "route": chance.choice(_ROUTES),
            "status": chance.choice((200, 200, 200, 404, 500)),
            "ms": round(chance.lognormvariate(3, 1), 2),
            "bytes": chance.randrange(100, 100_000),
            "country": chance.choice(_COUNTRIES),
            "plan": chance.choice(_PLANS),
            "user": f"user_{chance.randrange(20_000):020d}",
            "cost": round(chance.random(), 4),
        },
    }


def single_body() -> bytes:
    return msgspec.json.encode(one_event(random.Random(1)))


def batch_bodies(count: int) -> list[bytes]:
    """Bodies for the Solinth door's batches, BATCH_EVENTS in each."""
    chance = random.Random(1)
    return [msgspec.json.encode({"events": [one_event(chance) for _ in range(BATCH_EVENTS)]}) for _ in range(count)]


def write_bodies(folder: Path, bodies: list[bytes]) -> list[Path]:
    """Each body as a file, for wrk to read."""
    paths = [folder / f"body-{len(bodies)}-{number}.json" for number in range(len(bodies))]
    for path, body in zip(paths, bodies, strict=True):
        path.write_bytes(body)
    return paths
