"""The report shows every figure, and its files can be read by what shows them."""

from pathlib import Path

from bench.charts import drawings, judged, to_svgs, write_png
from bench.figure import OURS, Bar, Comparison, Figure, Goal
from bench.page import to_html
from bench.report import Circumstances

HERE = Circumstances("2026-03-14", 2, 24.0, "a <processor>", "3.11.7")
CHART = Comparison("Requests", "requests/s", (Bar(OURS, "", (5.0, 7.0)), Bar("other", "", (9.0,))))
SPREAD = Comparison("Questions", "ms", (Bar(OURS, "a", (5.0,)), Bar("other", "a", (900.0,)), Bar(OURS, "b", (1.0,))), spread=True)
FIGURES = [
    Figure("share", 0.5, "", Goal.AT_LEAST, 1.0, "x < y", (0.4, 0.6), compared=CHART),
    Figure("either", 5, "a second", Goal.AT_LEAST, 9, instead=Figure("of the other", 0.7, "", Goal.AT_LEAST, 0.6)),
    Figure("without a goal", 12, "µs", Goal.NONE, 0),
    Figure("none refused", 0, "", Goal.AT_MOST, 0, compared=SPREAD),
]


def test_where_one_of_two_goals_is_enough_both_are_shown() -> None:
    assert [figure.what for figure in judged(FIGURES)][:3] == ["share", "either", "of the other"]


def test_there_is_a_chart_of_goals_and_one_of_each_comparison() -> None:
    assert len(list(drawings(FIGURES))) == 3
    assert len(list(drawings(FIGURES[2:3]))) == 0


def test_charts_are_images(tmp_path: Path) -> None:
    write_png(FIGURES, "make bench", tmp_path / "report.png")
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")
    assert all(b"</svg>" in svg for svg in to_svgs(FIGURES))


def test_nothing_to_show_is_no_image(tmp_path: Path) -> None:
    write_png([], "make bench", tmp_path / "report.png")
    assert list(tmp_path.iterdir()) == []


def test_the_page_has_every_figure_and_its_verdict() -> None:
    page = to_html(FIGURES, HERE, "make bench")
    assert page.count("<tr><td>") == len(FIGURES)
    assert page.count("data:image/svg+xml") == 3
    assert "2 of 3 goals reached" in page
    assert "x &lt; y" in page
    assert "a &lt;processor&gt;" in page
    assert "<td>at least 9.00 a second, or of the other at least 0.60</td>" in page
