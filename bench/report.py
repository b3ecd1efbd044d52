"""The figures as a table, as JSON, and as the measured part of docs/performance.md."""

import json
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

from bench.figure import Figure

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


@dataclass(frozen=True)
class Circumstances:
    """Where and when."""

    date: str
    cores: int
    memory_gib: float
    processor: str
    python: str

    @classmethod
    def now(cls) -> "Circumstances":
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        cores = len(os.sched_getaffinity(0))
        date = datetime.now(UTC).strftime("%Y-%m-%d")
        return cls(date, cores, memory, found.group(1) if found else platform.machine(), platform.python_version())

    def __str__(self) -> str:
        return f"{self.date}, {self.cores} cores ({self.processor}), {self.memory_gib:.0f} GiB, Python {self.python}"


def to_table(figures: Sequence[Figure]) -> Table:
    table = Table("figure", "measured", "goal", "", "how")
    for figure in figures:
        mark = {"yes": "[green]reached", "no": "[bold red]missed"}.get(figure.verdict, "")
        table.add_row(figure.what, figure.shown, figure.goal_shown, mark, figure.detail)
    return table


def to_json(figures: Sequence[Figure], circumstances: Circumstances) -> str:
    return json.dumps({"measured": str(circumstances), "figures": [figure.to_json() for figure in figures]}, indent=2)


def to_markdown(figures: Sequence[Figure], circumstances: Circumstances, command: str) -> str:
    rows = [
        f"| {figure.what} | {figure.shown} | {figure.goal_shown} | {figure.verdict} | {figure.detail} |" for figure in figures
    ]
    heading = ["| figure | measured | goal | reached | how |", "|---|---|---|---|---|"]
    return "\n".join([f"`{command}`, {circumstances}.", "", *heading, *rows])


def replace_measured(document: str, measured: str) -> str:
    """The document with its measured part exchanged. Raises ValueError when it has no place for one."""
    before, found, rest = document.partition(BEGIN)
    _, end_found, after = rest.partition(END)
    if not found or not end_found:
        raise ValueError(f"the document has no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}"
