"""All of it in order: a project per door, every purchase through it, every figure asked of server and judge."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Protocol

import httpx

from demo.cdnow.doors import DOORS, DoorUse
from demo.cdnow.purchases import Purchase, read_purchases
from demo.cdnow.questions import Answers, ask_judge, ask_metrics, ask_usage
from demo.cdnow.sending import DEADLINE_S, Heard, send

# DuckDB's averages and percentiles are binary floats. This is a ten-thousandth of a cent, far above what that costs them and
# far below what a wrong answer could hide in.
TOLERANCE = Decimal("0.000001")


class Server(Protocol):
    """A running server: its address, and its command line on the same folder (arguments to what it printed)."""

    @property
    def url(self) -> str: ...

    def command(self, *arguments: str) -> str: ...


@dataclass(frozen=True)
class Figure:
    """One number with both answers; None where one of the two had none. asked: the endpoint that answered."""

    door: str
    asked: str
    measure: str
    month: str
    server: Decimal | None
    judge: Decimal | None

    @property
    def agrees(self) -> bool:
        return self.server is not None and self.judge is not None and abs(self.server - self.judge) <= TOLERANCE


def send_through(server: Server, door: DoorUse, project: str, purchases: list[Purchase], on_accepted: Heard) -> str:
    """Make the project with a website of the same name, send everything into it; returns the key, which may also read."""
    secret = server.command("keys", "create", "--project", project, "--plan", "unlimited")
    server.command("websites", "create", "--project", project, "--domain", "cdnow.example", "--id", project)
    asyncio.run(send(server.url, door, secret, project, purchases, on_accepted))
    return secret


def compare(server: Server, door: DoorUse, secret: str, judged: Answers) -> list[Figure]:
    """Every figure of the project that the key belongs to, beside the judge's."""
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {secret}"}, timeout=DEADLINE_S) as client:
        metrics = ask_metrics(client)
    with httpx.Client(base_url=server.url, headers={"x-api-key": secret}, timeout=DEADLINE_S) as client:
        usage = ask_usage(client)
    return [*_pair(door.name, "/v1/metrics", metrics, judged), *_pair(door.name, "/v1/events/usage", usage, judged)]


def _pair(door: str, asked: str, answers: Answers, judged: Answers) -> Iterator[Figure]:
    measures = {measure for measure, _ in answers}
    expected = {key for key in judged if key[0] in measures}
    for measure, month in sorted(expected | set(answers)):
        yield Figure(door, asked, measure, month, answers.get((measure, month)), judged.get((measure, month)))


def run_all(server: Server, path: Path, label: str, on_accepted: Callable[[str, int], None]) -> list[Figure]:
    """Every door in turn. label sets the projects of this run apart from those of others; on_accepted hears door and events."""
    judged, purchases = ask_judge(path), read_purchases(path)
    figures = []
    for door in DOORS:
        secret = send_through(server, door, f"{label}-{door.name}", purchases, partial(on_accepted, door.name))
        figures += compare(server, door, secret, judged)
    return figures
