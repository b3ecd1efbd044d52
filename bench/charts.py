"""The figures as charts: all of them against their goals, and what was compared in one run beside each other.

A bar is the median; each round is a dot, so that one sees how far they lie apart.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from bench.figure import OURS, Bar, Comparison, Figure, Goal

WIDTH_IN = 11.0
_LABEL_IN, _VALUE_IN = 4.0, 2.7
_ROW_IN, _BAR_IN, _GAP_IN = 0.36, 0.19, 0.12
_EDGE_IN = 0.95
_REACHED, _MISSED, _OURS = "#1a7f4b", "#c2412d", "#2563c9"
_OTHERS = ("#8a94a3", "#c9a227", "#6b5b95")
_INK, _FAINT = "#1f2733", "#d9dee5"
_LEAST_SHOWN, _MOST_SHOWN = 0.02, 20.0
_LONGEST_LABEL = 46
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _FAINT,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "svg.fonttype": "path",
}

Drawing = tuple[float, Callable[[Axes], None]]


def drawings(figures: Sequence[Figure]) -> Iterator[Drawing]:
    """The height of each chart in inches, and what draws it."""
    held = [figure for figure in judged(figures) if figure.side is not Goal.NONE and figure.goal > 0]
    if held:
        yield _EDGE_IN + _ROW_IN * len(held), partial(_draw_goals, figures=held)
    for comparison in (figure.compared for figure in figures if figure.compared is not None):
        yield _EDGE_IN + height_of(comparison), partial(_draw_comparison, comparison=comparison)


def judged(figures: Sequence[Figure]) -> list[Figure]:
    """Where one of two goals is enough, both."""
    return [each for figure in figures for each in (figure, *([figure.instead] if figure.instead else []))]


def height_of(comparison: Comparison) -> float:
    """Inches of the bars and of the gaps between their groups."""
    return _BAR_IN * len(comparison.bars) + _GAP_IN * (len({bar.group for bar in comparison.bars}) - 1)


def write_png(figures: Sequence[Figure], heading: str, file: Path) -> None:
    """All charts under each other."""
    charts = list(drawings(figures))
    if not charts:
        return
    top_in = 0.6
    height = top_in + sum(height for height, _ in charts)
    with mpl.rc_context(_STYLE):
        canvas = Canvas(figsize=(WIDTH_IN, height), dpi=110, facecolor="white")
        canvas.text(0.02, 1 - 0.3 / height, f"Streamgauge measured: {heading}", fontsize=10, va="center")
        above = top_in
        for own, draw in charts:
            draw(_axes(canvas, above, own, height))
            above += own
        canvas.savefig(file)


def to_svgs(figures: Sequence[Figure]) -> list[bytes]:
    """Each chart as a document of its own."""
    made = []
    with mpl.rc_context(_STYLE):
        for height, draw in drawings(figures):
            canvas, file = Canvas(figsize=(WIDTH_IN, height), facecolor="white"), io.BytesIO()
            draw(_axes(canvas, 0, height, height))
            canvas.savefig(file, format="svg")
            made.append(file.getvalue())
    return made


def _axes(canvas: Canvas, above_in: float, own_in: float, height_in: float) -> Axes:
    """A place on the canvas, with room for a title above it and labels beside and below it."""
    bottom = 1 - (above_in + own_in - 0.45) / height_in
    axes = canvas.add_axes(
        (_LABEL_IN / WIDTH_IN, bottom, 1 - (_LABEL_IN + _VALUE_IN) / WIDTH_IN, (own_in - _EDGE_IN) / height_in)
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=_FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=11, fontweight="bold", x=(0.2 - _LABEL_IN) / (WIDTH_IN - _LABEL_IN - _VALUE_IN))


def _draw_goals(axes: Axes, figures: Sequence[Figure]) -> None:
    """One row a figure, on a scale on which every goal lies at 1 and better is always to the right."""
    _title(axes, "Every figure against its goal (right of the line: reached)")
    for row, figure in enumerate(figures):
        colour = _REACHED if figure.share_of_goal >= 1 else _MISSED
        middle = _within(figure.share_of_goal)
        axes.plot([1, middle], [row, row], color=colour, linewidth=5, alpha=0.35, solid_capstyle="butt")
        rounds = [_within(figure.share_of(each)) for each in figure.rounds]
        axes.plot(rounds, [row] * len(rounds), "o", color=colour, markersize=3, alpha=0.55, markeredgewidth=0)
        axes.plot([middle], [row], "D", color=colour, markersize=6)
        axes.annotate(
            _value_and_goal(figure), (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=8, color=colour
        )
    axes.axvline(1, color=_INK, linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(_LEAST_SHOWN, _MOST_SHOWN)
    axes.set_ylim(len(figures) - 0.5, -0.5)
    axes.set_yticks(range(len(figures)), [_wrapped(figure.what) for figure in figures], fontsize=7.5)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:g} of the goal" if share == 1 else f"{share:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _value_and_goal(figure: Figure) -> str:
    """Of this figure alone: another one that counts as well has a row of its own."""
    alone = replace(figure, instead=None)
    sign = "≥" if figure.side is Goal.AT_LEAST else "≤"
    return f"{alone.shown}   goal {sign} {alone.goal_shown.removeprefix(figure.side.value).strip()}"


def _within(share: float) -> float:
    return min(max(share, _LEAST_SHOWN), _MOST_SHOWN)


def _wrapped(text: str) -> str:
    """On two lines when it is long."""
    if len(text) <= _LONGEST_LABEL * 1.3:
        return text
    half = text.find(" ", len(text) // 2)
    return text if half < 0 else f"{text[:half]}\n{text[half + 1 :]}"


def _draw_comparison(axes: Axes, comparison: Comparison) -> None:
    _title(axes, f"{comparison.title}, {comparison.unit}")
    lanes = list(dict.fromkeys(bar.lane for bar in comparison.bars))
    groups = list(dict.fromkeys(bar.group for bar in comparison.bars))
    place, ticks, labels = 0.0, [], []
    for group in groups:
        bars = [bar for bar in comparison.bars if bar.group == group]
        for bar in bars:
            _draw_bar(axes, bar, place, _colour(bar.lane, lanes))
            ticks.append(place)
            labels.append(_label(bar, bars))
            place += _BAR_IN
        place += _GAP_IN
    axes.set_yticks(ticks, labels, fontsize=8)
    axes.set_ylim(place - _GAP_IN - _BAR_IN / 2, -_BAR_IN / 2)
    if comparison.spread:
        axes.set_xscale("log")
    else:
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 100 else f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _draw_bar(axes: Axes, bar: Bar, place: float, colour: str) -> None:
    value = median(bar.rounds)
    axes.barh(place, value, height=0.8 * _BAR_IN, color=colour, alpha=0.75)
    if len(bar.rounds) > 1:
        axes.plot(bar.rounds, [place] * len(bar.rounds), "o", color=_INK, markersize=2.5, alpha=0.6, markeredgewidth=0)
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    axes.annotate(shown, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=8)


def _label(bar: Bar, group: Sequence[Bar]) -> str:
    """The first bar of a group names it too."""
    if not bar.group:
        return bar.lane
    return f"{bar.group}   {bar.lane}" if bar is group[0] else bar.lane


def _colour(lane: str, lanes: Sequence[str]) -> str:
    return _OURS if lane == OURS else _OTHERS[[each for each in lanes if each != OURS].index(lane) % len(_OTHERS)]
