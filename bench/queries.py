"""Documented questions over a year of events: through HTTP, as hand-written SQL on the raw table, and in DuckDB.

One process at a time can hold the folder, so the three take turns: the server is started and asked, then a process without a
server runs the SQL on the same folder through the same engine, then DuckDB over the same rows in a Parquet file. Each turn asks
every question several times; the first is not timed. All three must give the same numbers, or nothing is measured.

Time through HTTP is all of it: the connection is kept, the answer is read.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec

from bench.figure import OURS, Bar, Comparison, Figure, Goal
from bench.machinery import LAG_HEADER, middle, streamgauge
from bench.questions import HEADLINE, LONGEST_TURN_S, QUESTIONS, Cells, Question, cells_of_answer, difference
from bench.year import run_alone, year_folder
from tests.flows.running import RunningServer

SQL, DUCKDB = "SQL on raw events", "DuckDB on Parquet"
LANES = (OURS, SQL, DUCKDB)
MOST_OF_SQL = 1.15
LEAST_GAIN = 5.0
HEADLINE_MS = 15.0
GROWTH = 1.5


@dataclass
class Timing:
    """The milliseconds of one question, by who was asked. refused: what the server said instead of an answer."""

    ms: dict[str, list[float]] = field(default_factory=lambda: {lane: [] for lane in LANES})
    refused: str = ""

    def median(self, lane: str) -> float:
        return middle(self.ms[lane])

    @property
    def share_of_sql(self) -> float:
        return self.median(OURS) / self.median(SQL)


def measure_queries(rounds: int, repeats: int, events: int, kept: Path, compared_with: int | None = None) -> list[Figure]:
    """compared_with: a smaller number of events, for how the time of the headline question grows."""
    timings = time_questions(rounds, repeats, events, kept)
    figures = figures_of(timings, events)
    if compared_with is not None:
        smaller = time_questions(1, rounds * repeats, compared_with, kept)
        if not timings[HEADLINE].refused:
            figures.append(growth_of(timings[HEADLINE], smaller[HEADLINE], events, compared_with))
    return figures


def time_questions(rounds: int, repeats: int, events: int, kept: Path) -> dict[str, Timing]:
    """By the name of the question. Raises RuntimeError when answers differ."""
    folder, parquet = year_folder(kept, events), _parquet(kept, events)
    timings = {question.name: Timing() for question in QUESTIONS}
    for _ in range(rounds):
        answers = _ask_server(folder, repeats, timings)
        for lane, arguments in ((SQL, ("store", str(folder))), (DUCKDB, ("duckdb", str(parquet)))):
            _take(lane, json.loads(run_alone(*arguments, str(repeats))), timings, answers)
    return timings


def _parquet(kept: Path, events: int) -> Path:
    """Written beside its place and moved there, as the folder is."""
    file = kept / f"year-{events}.parquet"
    if not file.exists():
        half = file.with_suffix(".half")
        done = json.loads(run_alone("export", str(year_folder(kept, events)), str(half)))
        if done["rows"] != events:
            raise RuntimeError(f"{done['rows']} rows were exported of {events}")
        half.rename(file)
    return file


def _ask_server(folder: Path, repeats: int, timings: Mapping[str, Timing]) -> dict[str, Cells]:
    """The answers by question, without those that were refused."""
    answers: dict[str, Cells] = {}
    with streamgauge(folder) as (server, secret), _client(server, secret) as client:
        for question in QUESTIONS:
            timing = timings[question.name]
            for number in range(repeats + 1):
                started = time.monotonic()
                reply = client.get("/v1/metrics", params=dict(question.parameters))
                took_ms = (time.monotonic() - started) * 1000
                if reply.status_code == 503:
                    timing.refused = msgspec.json.decode(reply.content)["error"]["message"]
                    break
                if reply.status_code != 200 or LAG_HEADER in reply.headers:
                    raise RuntimeError(f"{question.name}: {reply.status_code}: {reply.text[:300]}")
                if number:
                    timing.ms[OURS].append(took_ms)
                answers[question.name] = cells_of_answer(msgspec.json.decode(reply.content))
                if number and number * took_ms > LONGEST_TURN_S * 1000:
                    break
    return answers


def _client(server: RunningServer, secret: str) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {secret}"}, timeout=120)


def _take(lane: str, done: Mapping[str, Any], timings: Mapping[str, Timing], answers: Mapping[str, Cells]) -> None:
    for name, timing in timings.items():
        timing.ms[lane] += done[name]["ms"]
        if name in answers and (found := difference(answers[name], done[name]["cells"])):
            raise RuntimeError(f"{name}: the answer and {lane} differ: {found}")


def figures_of(timings: Mapping[str, Timing], events: int) -> list[Figure]:
    """A headline that was refused is counted as such, and has no time."""
    headline = [] if timings[HEADLINE].refused else [_headline(timings, events)]
    return [*headline, *_against_sql(timings, events)]


def _headline(timings: Mapping[str, Timing], events: int) -> Figure:
    timing = timings[HEADLINE]
    ours = tuple(timing.ms[OURS])
    detail = f"{timing.median(SQL):.0f} ms as {SQL}, {timing.median(DUCKDB):.0f} ms in {DUCKDB}; through HTTP"
    bars = [Bar(lane, name, tuple(each.ms[lane])) for name, each in timings.items() for lane in LANES if each.ms[lane]]
    chart = Comparison(f"Questions over {events:,} events, median", "ms", tuple(bars), spread=True)
    what = f"{HEADLINE}, {events:,} events"
    return Figure(what, middle(ours), "ms", Goal.AT_MOST, HEADLINE_MS, detail, ours, compared=chart)


def _against_sql(timings: Mapping[str, Timing], events: int) -> list[Figure]:
    """The worst question of each kind is the figure; the others are its rounds. A refused question is no answer at all."""
    refused = [f"{name}: {timing.refused}" for name, timing in timings.items() if timing.refused]
    answered = {name: timing for name, timing in timings.items() if not timing.refused}
    shares = {name: timing.share_of_sql for name, timing in answered.items()}
    slowest = max(shares, key=lambda name: shares[name])
    gains = {question.name: 1 / shares[question.name] for question in _rolled_up(shares)}
    least = min(gains, key=lambda name: gains[name])
    listed = "; ".join(f"{name} {share:.2f}" for name, share in shares.items())
    return [
        Figure(
            f"slowest of {len(shares)} documented questions against {SQL}, {events:,} events",
            shares[slowest],
            "",
            Goal.AT_MOST,
            MOST_OF_SQL,
            f"{slowest}; all: {listed}",
            tuple(shares.values()),
        ),
        Figure(
            f"least gain of the questions that roll-ups are for, {events:,} events",
            gains[least],
            "times",
            Goal.AT_LEAST,
            LEAST_GAIN,
            f"{least}; against {SQL}",
            tuple(gains.values()),
        ),
        Figure(f"documented questions refused, {events:,} events", len(refused), "", Goal.AT_MOST, 0, "; ".join(refused)),
    ]


def _rolled_up(shares: Mapping[str, float]) -> Sequence[Question]:
    return [question for question in QUESTIONS if question.rolled_up and question.name in shares]


def growth_of(large: Timing, small: Timing, events: int, fewer: int) -> Figure:
    detail = f"{large.median(OURS):.1f} ms against {small.median(OURS):.1f} ms"
    what = f"{HEADLINE}: {events:,} events by {fewer:,}"
    return Figure(what, large.median(OURS) / small.median(OURS), "times", Goal.AT_MOST, GROWTH, detail)
