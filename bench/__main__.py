"""`make bench`: measures everything, prints it, keeps it in bench/out and writes it into docs/performance.md.

`make bench ARGS="--only single --only ready"` measures a part and writes nothing into the document.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click
from rich.console import Console

from bench.batches import measure_batches
from bench.checking import measure_checks
from bench.dashboard import measure_dashboard
from bench.figure import Figure
from bench.importing import measure_import
from bench.memory import measure_memory
from bench.ready import measure_ready
from bench.report import Circumstances, replace_measured, to_json, to_markdown, to_table
from bench.single_events import measure_single_events
from bench.sustained import measure_sustained
from bench.usage import measure_usage
from bench.website import measure_website

ROOT = Path(__file__).parents[1]
OUT = ROOT / "bench" / "out"
DOCUMENT = ROOT / "docs" / "performance.md"

SUITE: Mapping[str, Callable[[], list[Figure]]] = {
    "single": lambda: measure_single_events(rounds=5, seconds=8),
    "batches": lambda: measure_batches(rounds=5, seconds=6),
    "sustained": lambda: measure_sustained(seconds=60, direct_seconds=20),
    "memory": lambda: measure_memory(seconds=30),
    "ready": lambda: measure_ready(rounds=5, kept=OUT),
    "import": lambda: measure_import(rows=1_000_000, rounds=5),
    "usage": lambda: measure_usage(questions=1_000, seconds=30, kept=OUT),
    "check": lambda: measure_checks(rounds=5, seconds=6),
    "website": lambda: measure_website(rounds=15, seconds=8, kept=OUT),
    "dashboard": lambda: measure_dashboard(rounds=7, kept=OUT),
}


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(SUITE)), help="Measure this part only; may be given several times.")
def bench(only: tuple[str, ...]) -> None:
    """Measure the figures of docs/performance.md."""
    console = Console()
    figures: list[Figure] = []
    for name in only or SUITE:
        with console.status(f"measuring {name}"):
            figures += SUITE[name]()
        console.print(f"measured {name}")
    circumstances = Circumstances.now()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "figures.json").write_text(to_json(figures, circumstances))
    if not only:
        DOCUMENT.write_text(replace_measured(DOCUMENT.read_text(), to_markdown(figures, circumstances, "make bench")))
    console.print(to_table(figures))
    sys.exit(0 if all(figure.reached for figure in figures) else 1)


if __name__ == "__main__":
    bench()
