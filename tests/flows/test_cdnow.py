"""Real purchases through each door over HTTP: every monthly figure equals DuckDB's over the raw file."""

import httpx
import pytest

from demo.cdnow.doors import DOORS, DoorUse
from demo.cdnow.purchases import ROWS, Purchase, dataset_path, read_purchases
from demo.cdnow.questions import ALL, Answers, ask_judge
from demo.cdnow.run import Figure, compare, send_through
from tests.flows.running import RunningServer

MONTHS = 18
METRICS_MEASURES, USAGE_MEASURES = 10, 5


@pytest.fixture(scope="module")
def purchases() -> list[Purchase]:
    return read_purchases(dataset_path())


@pytest.fixture(scope="module")
def judged() -> Answers:
    return ask_judge(dataset_path())


def _different(figures: list[Figure]) -> list[Figure]:
    return [figure for figure in figures if not figure.agrees]


def test_the_file_is_the_known_one(purchases: list[Purchase], judged: Answers) -> None:
    assert len(purchases) == ROWS == judged["count", ALL]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_every_figure_equals_the_judges(
    server: RunningServer, project: str, purchases: list[Purchase], judged: Answers, door: DoorUse
) -> None:
    secret = send_through(server, door, project, purchases, lambda _: None)
    figures = compare(server, door, secret, judged)
    assert len(figures) == (METRICS_MEASURES + USAGE_MEASURES) * (MONTHS + 1)
    assert _different(figures) == []


def test_one_purchase_too_many_is_seen(server: RunningServer, project: str, purchases: list[Purchase], judged: Answers) -> None:
    door = DOORS[0]
    secret = send_through(server, door, project, [*purchases, purchases[0]], lambda _: None)
    differences = {(figure.asked, figure.measure, figure.month) for figure in _different(compare(server, door, secret, judged))}
    assert {
        ("/v1/metrics", "count", "1997-01"),
        ("/v1/metrics", "sum", ALL),
        ("/v1/events/usage", "sum", "1997-01"),
    } <= differences
    assert not any(measure == "unique" or month == "1997-02" for _, measure, month in differences)


def test_purchases_sent_again_with_their_ids_change_nothing(
    server: RunningServer, project: str, purchases: list[Purchase], judged: Answers
) -> None:
    flexprice = next(door for door in DOORS if door.name == "flexprice")
    send_through(server, flexprice, project, purchases, lambda _: None)
    with httpx.Client(base_url=server.url, headers=flexprice.headers(server.key(project))) as client:
        again = client.post(flexprice.path, content=flexprice.encode(purchases[:1000], project))
        assert flexprice.accepted(again, 1000)
    assert _different(compare(server, flexprice, server.key(project), judged)) == []
