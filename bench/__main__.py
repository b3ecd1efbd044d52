"""`make bench`: measures everything, prints it, keeps it in bench/out (figures, charts) and writes it into docs/performance.md.

`make bench-full` measures longer, on ten times as many events, and the parts that take long to prepare.
`make bench ARGS="--only single --only ready"` measures a part and writes nothing into the document; nor does `--brief`.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click
from rich.console import Console

from bench.batches import measure_batches
from bench.charts import write_png
from bench.checking import measure_checks
from bench.dashboard import measure_dashboard
from bench.extent import BRIEF, FULL, USUAL, Extent
from bench.figure import Figure
from bench.freshness import measure_freshness
from bench.importing import measure_import
from bench.memory import measure_memory
from bench.page import to_html
from bench.queries import measure_queries
from bench.ready import measure_ready
from bench.report import Circumstances, replace_measured, to_json, to_markdown, to_table
from bench.single_events import measure_single_events
from bench.size import measure_size
from bench.sustained import measure_sustained
from bench.usage import measure_usage
from bench.website import measure_website
from bench.workers import measure_workers

ROOT = Path(__file__).parents[1]
OUT = ROOT / "bench" / "out"
DOCUMENT = ROOT / "docs" / "performance.md"

Part = Callable[[Extent], list[Figure]]

SUITE: Mapping[str, Part] = {
    "single": lambda extent: measure_single_events(extent.rounds, extent.seconds),
    "batches": lambda extent: measure_batches(extent.rounds, extent.seconds),
    "workers": lambda extent: measure_workers(extent.rounds, extent.seconds),
    "sustained": lambda extent: measure_sustained(extent.sustained_s, extent.direct_s),
    "freshness": lambda extent: measure_freshness(extent.freshness_s),
    "memory": lambda extent: measure_memory(extent.flood_s),
    "queries": lambda extent: measure_queries(
        extent.question_rounds, extent.repeats, extent.year_events, OUT, extent.compared_events
    ),
    "size": lambda extent: measure_size(extent.year_events, OUT),
    "ready": lambda extent: measure_ready(extent.starts, extent.year_events, extent.ready_goal_s, OUT),
    "check": lambda extent: measure_checks(extent.rounds, extent.seconds),
}
# Of the full run, and by name: they take as long again, most of it for folders of their own.
LONG: Mapping[str, Part] = {
    "import": lambda extent: measure_import(rows=1_000_000, rounds=extent.rounds),
    "usage": lambda extent: measure_usage(questions=1_000, seconds=extent.flood_s, kept=OUT),
    "website": lambda extent: measure_website(rounds=15, seconds=extent.seconds, kept=OUT),
    "dashboard": lambda _: measure_dashboard(rounds=7, kept=OUT),
}
PARTS: Mapping[str, Part] = {**SUITE, **LONG}


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(PARTS)), help="Measure this part only; may be given several times.")
@click.option("--full", "extent", flag_value="full", help="Longer, with 100 M events, and all parts.")
@click.option("--brief", "extent", flag_value="brief", help="As short as can be, to see that it works.")
def bench(only: tuple[str, ...], extent: str | None) -> None:
    """Measure the figures of docs/performance.md."""
    chosen = {"full": FULL, "brief": BRIEF}.get(extent or "", USUAL)
    console = Console()
    figures: list[Figure] = []
    for name in only or (PARTS if chosen is FULL else SUITE):
        with console.status(f"measuring {name}"):
            figures += PARTS[name](chosen)
        console.print(f"measured {name}")
    circumstances = Circumstances.now()
    write_report(figures, circumstances, chosen.command)
    if not only and chosen.written_down:
        DOCUMENT.write_text(replace_measured(DOCUMENT.read_text(), to_markdown(figures, circumstances, chosen.command)))
    console.print(to_table(figures))
    console.print(f"charts: {OUT / 'report.html'}, {OUT / 'report.png'}")
    sys.exit(0 if all(figure.reached for figure in figures) else 1)


def write_report(figures: list[Figure], circumstances: Circumstances, command: str) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "figures.json").write_text(to_json(figures, circumstances))
    (OUT / "report.html").write_text(to_html(figures, circumstances, command))
    write_png(figures, f"{command}, {circumstances}", OUT / "report.png")


if __name__ == "__main__":
    bench()
