"""What is made of the times of questions."""

from bench.figure import OURS
from bench.queries import DUCKDB, SQL, Timing, figures_of, growth_of
from bench.questions import HEADLINE, QUESTIONS


def timing(ours: float, sql: float) -> Timing:
    return Timing({OURS: [ours], SQL: [sql], DUCKDB: [2 * sql]})


def timings(**changed: Timing) -> dict[str, Timing]:
    """A tenth of the SQL's time for what roll-ups are for, its own time for all else."""
    return {question.name: timing(10 if question.rolled_up else 100, 100) for question in QUESTIONS} | changed


def test_all_goals_are_reached_when_each_question_is() -> None:
    assert [(figure.value, figure.reached) for figure in figures_of(timings(), 10)] == [
        (10, True),
        (1, True),
        (10, True),
        (0, True),
    ]


def test_the_slowest_question_is_the_figure() -> None:
    slow = {"count by route, a year": timing(130, 100), HEADLINE: timing(25, 100)}
    headline, slowest, gain, _ = figures_of(timings(**slow), 10)
    assert (headline.value, headline.reached) == (25, False)
    assert (slowest.value, slowest.reached) == (1.3, False)
    assert slowest.detail.startswith("count by route, a year; all: ")
    assert (gain.value, gain.reached) == (4, False)


def test_a_refused_question_is_no_answer() -> None:
    name = "p95 of ms by day, a year"
    refused = Timing({OURS: [], SQL: [5.0], DUCKDB: [5.0]}, "out of memory")
    _, slowest, _, count = figures_of(timings(**{name: refused}), 10)
    assert slowest.reached
    assert (count.value, count.reached, count.detail) == (1, False, f"{name}: out of memory")


def test_a_headline_that_was_refused_has_no_time() -> None:
    refused = Timing({OURS: [], SQL: [5.0], DUCKDB: [5.0]}, "too slow")
    assert [figure.reached for figure in figures_of(timings(**{HEADLINE: refused}), 10)] == [True, True, False]


def test_growth_is_against_the_smaller_folder() -> None:
    figure = growth_of(timing(16, 1), timing(10, 1), 100, 10)
    assert (figure.value, figure.reached) == (1.6, False)
