"""The year's events lie in the year, in the order of its days."""

from bench.traffic import BATCH_EVENTS
from bench.year import bodies_of_year

DAY_LENGTH = len("2025-01-01")


def test_bodies_go_through_the_year_in_order() -> None:
    begins = b'"timestamp":"'
    days = []
    for body in bodies_of_year(10 * BATCH_EVENTS):
        parts = body.split(begins)[1:]
        assert len(parts) == BATCH_EVENTS
        assert len({part[:DAY_LENGTH] for part in parts}) == 1
        days.append(parts[0][:DAY_LENGTH].decode())
    assert days == sorted(days)
    assert (days[0], days[-1]) == ("2025-01-01", "2025-11-25")
