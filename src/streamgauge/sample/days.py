"""The events of one day: visits of a website, what people do in the product, what is metered, payments."""

import math
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from streamgauge.kernel.event import Door
from streamgauge.sample.people import BROWSERS, CUSTOMERS, PLACES, SOURCES, Source, pick

DAYS = 61
"""How many days are loaded, today among them: a month to look at, and one to compare it with."""
_ANCHOR = date(2026, 1, 1).toordinal()
_PAGES = (("/", 30), ("/pricing", 16), ("/docs", 14), ("/docs/quickstart", 12), ("/blog/metering-without-tears", 9),
          ("/blog/durable-by-design", 6), ("/features", 8), ("/customers", 4), ("/about", 2), ("/changelog", 4))  # fmt: skip
_PLANS = (("free", 70), ("team", 22), ("business", 8))
_PRICES = {"team": "49.00", "business": "249.00"}
_FEATURES = (("report_opened", 30), ("dashboard_shared", 12), ("alert_created", 8), ("export_started", 6), ("member_invited", 5))
_REGIONS = (("eu-central", 45), ("us-east", 40), ("ap-south", 15))
_MODELS = (("small", 60), ("large", 30), ("vision", 10))


class SampleEvent(NamedTuple):
    """An event as a client of the door would send it. event_id: the same whenever the day is made."""

    door: Door
    event_id: str
    at: datetime
    body: dict[str, object]


class SamplePayment(NamedTuple):
    """A payment as a client of theBizness's door would send it; its transaction's id is its own."""

    at: datetime
    body: dict[str, object]


class _Day:
    """What all events of a day share."""

    def __init__(self, project_id: str, website_id: str, day: date) -> None:
        self.day = day
        self.website_id = website_id
        self.rng = random.Random(f"{project_id} {day.isoformat()}")
        self.midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        self._made = 0

    def next_id(self) -> str:
        self._made += 1
        return f"sample-{self.day:%Y%m%d}-{self._made}"

    def count(self, usual: float, *, weekend: float) -> int:
        """How many of something: it grows slowly, rests at weekends, and is never quite the same."""
        ordinal = self.day.toordinal()
        trend = min(4.0, max(0.4, 0.7 + (ordinal - _ANCHOR) / 500)) * (1 + 0.08 * math.sin(ordinal / 4))
        week = weekend if self.day.weekday() >= 5 else 1.0
        return max(1, round(usual * trend * week * self.rng.uniform(0.9, 1.1)))

    def moment(self, shift_hours: int = 0) -> datetime:
        """Some time of the day, most often in the afternoon of who lives so many hours east."""
        hour = (self.rng.triangular(0, 24, 14) - shift_hours) % 24
        return self.midnight + timedelta(seconds=int(hour * 3_600))


def events_of_day(project_id: str, website_id: str, day: date) -> list[SampleEvent | SamplePayment]:
    """In the order in which they happened, in the day's UTC."""
    today = _Day(project_id, website_id, day)
    made = [*_visits(today), *_product(today), *_usage(today)]
    return sorted(made, key=lambda one: one.at)


def _visits(day: _Day) -> Iterator[SampleEvent | SamplePayment]:
    for number in range(day.count(190, weekend=0.6)):
        back = int(day.rng.expovariate(0.25)) + 1 if day.rng.random() < 0.3 else 0
        first_seen = day.day - timedelta(days=back)
        visitor = f"sample-{first_seen:%Y%m%d}-v{number}"
        who = random.Random(visitor)
        place, agent = pick(who, PLACES), pick(who, BROWSERS)
        source = pick(who, SOURCES) if back == 0 else (Source() if day.rng.random() < 0.6 else pick(day.rng, SOURCES))
        yield from _visit(day, visitor, day.moment(place.hours), source, {
            "country": place.country, "region": place.region, "city": place.city, "user_agent": agent,
        })  # fmt: skip


def _visit(
    day: _Day, visitor: str, at: datetime, source: Source, known: dict[str, object]
) -> Iterator[SampleEvent | SamplePayment]:
    rng = day.rng
    last = day.midnight + timedelta(days=1)
    pages = 1 if rng.random() < 0.38 else 2 + int(rng.expovariate(0.45))
    for number in range(min(pages, 14)):
        page = pick(rng, _PAGES)
        address = f"https://sample.example{page}" + (f"?{source.query}" if source.query and number == 0 else "")
        properties = {"page_url": address, **known}
        if source.referrer and number == 0:
            properties["referrer"] = source.referrer
        yield _web(day, "page_view", visitor, at, properties)
        at += timedelta(seconds=rng.randrange(8, 240))
        if at >= last:
            return
    if pages > 1 and rng.random() < 0.12:
        plan = pick(rng, _PLANS)
        yield _web(day, "signup", visitor, at, {"page_url": "https://sample.example/signup", "plan": plan, **known})
        if plan in _PRICES and at + timedelta(seconds=90) < last:
            yield from _payment(day, visitor, at + timedelta(seconds=90), plan)


def _payment(day: _Day, visitor: str, at: datetime, plan: str) -> Iterator[SamplePayment]:
    order = day.next_id()
    body: dict[str, object] = {
        "amount": _PRICES[plan], "currency": "EUR", "type": "sale", "order_id": order, "transaction_id": order,
        "visitor_id": visitor, "properties": {"plan": plan},
    }  # fmt: skip
    yield SamplePayment(at, body)
    if day.rng.random() < 0.06:
        refund = {**body, "type": "refund", "transaction_id": f"refund:{order}"}
        yield SamplePayment(min(at + timedelta(hours=3), day.midnight + timedelta(hours=23, minutes=59)), refund)


def _web(day: _Day, name: str, visitor: str, at: datetime, properties: dict[str, object]) -> SampleEvent:
    return SampleEvent(Door.THEBIZNESS, day.next_id(), at, {"event_name": name, "visitor_id": visitor, "properties": properties})


def _product(day: _Day) -> Iterator[SampleEvent]:
    for _ in range(day.count(150, weekend=0.25)):
        customer, _name = day.rng.choice(CUSTOMERS)
        properties: dict[str, object] = {
            "account": customer,
            "plan": pick(random.Random(customer), _PLANS),
            "seconds": round(day.rng.lognormvariate(0.2, 0.7), 2),
            "platform": pick(day.rng, (("web", 80), ("ios", 12), ("android", 8))),
        }
        yield _sent(day, Door.SOLINTH, day.moment(1), {"event": pick(day.rng, _FEATURES), "properties": properties})
    for _ in range(day.count(14, weekend=0.5)):
        plan = pick(day.rng, (("team", 75), ("business", 25)))
        properties = {"plan": plan, "amount": _PRICES[plan], "country": pick(day.rng, PLACES).country}
        yield _sent(day, Door.SOLINTH, day.moment(1), {"event": "purchase", "properties": properties})


def _usage(day: _Day) -> Iterator[SampleEvent]:
    for number, (customer, _name) in enumerate(CUSTOMERS):
        weight = 4.0 / (1 + number % 13)
        for _ in range(day.count(5 * weight, weekend=0.5)):
            tokens = int(day.rng.lognormvariate(6.2, 0.9))
            properties = {"tokens": tokens, "region": pick(day.rng, _REGIONS), "model": pick(day.rng, _MODELS)}
            yield _metered(day, customer, day.moment(1), "completion", properties)
        gigabytes = f"{20 * weight * (1 + (day.day.toordinal() - _ANCHOR) / 700) + day.rng.random():.3f}"
        yield _metered(day, customer, day.midnight + timedelta(minutes=number), "storage_measured", {"gb": gigabytes})
        for seat in range(1 + int(weight * 3)):
            if day.rng.random() < (0.25 if day.day.weekday() >= 5 else 0.8):
                yield _metered(day, customer, day.moment(1), "seat_used", {"user": f"{customer}-{seat}"})


def _metered(day: _Day, customer: str, at: datetime, name: str, properties: dict[str, object]) -> SampleEvent:
    body: dict[str, object] = {"event_name": name, "external_customer_id": customer, "source": "sample", "properties": properties}
    return _sent(day, Door.FLEXPRICE, at, body)


def _sent(day: _Day, door: Door, at: datetime, body: dict[str, object]) -> SampleEvent:
    return SampleEvent(door, day.next_id(), at, body)
