"""Bytes of tables as bytes of an event."""

from bench.size import figure_of


def test_every_table_counts() -> None:
    figure = figure_of({"days": 500, "events": 5_400, "schema_migrations": 4}, 100)
    assert figure.value == 59.04
    assert figure.reached
    assert figure.detail == "of events 54.0, days 5.0"
