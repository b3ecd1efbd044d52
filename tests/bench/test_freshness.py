"""When an event was seen first, from what was acknowledged and what was counted."""

import pytest

from bench.freshness import Sightings, figure_of


def test_an_event_is_seen_in_the_first_answer_that_counts_it() -> None:
    sightings = Sightings([1.0, 1.1, 1.2], [(1.05, 0), (1.15, 1), (1.25, 1), (1.5, 3)])
    assert sightings.delays_ms() == pytest.approx([150, 400, 300])


def test_an_event_that_is_seen_before_its_acknowledgement_took_no_time() -> None:
    assert Sightings([2.0], [(1.9, 1)]).delays_ms() == [0.0]


@pytest.mark.parametrize("seen", [pytest.param([], id="no answer"), pytest.param([(3.0, 1)], id="one too few")])
def test_an_event_that_is_never_seen_is_no_figure(seen: list[tuple[float, int]]) -> None:
    with pytest.raises(ValueError, match="2 events were acknowledged"):
        Sightings([1.0, 2.0], seen).delays_ms()


def test_a_pace_that_was_not_kept_is_told() -> None:
    assert "LESS" not in figure_of([1.0], 1, 49_000).detail
    assert "LESS" in figure_of([1.0], 1, 40_000).detail
