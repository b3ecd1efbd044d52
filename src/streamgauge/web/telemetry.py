"""Counters and their exposition in the Prometheus text format.

On the hot path a count is one addition to a cell (see web/counts.py); prometheus_client is asked only when somebody reads
/metrics. Every reason and every door is there from the start with 0, so that a rate over a counter is right from its first
increment.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from streamgauge.web.counts import Counts

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
QUERY_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Gauge(NamedTuple):
    """A figure that another room knows. read: called at every scrape, cheap, never blocks. is_counter: it only grows."""

    name: str
    help: str
    read: Callable[[], float]
    is_counter: bool = False


class _Histogram:
    """Seconds by bucket for one query name."""

    def __init__(self) -> None:
        self.counts = [0] * (len(QUERY_BUCKETS_S) + 1)
        self.total_s = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(QUERY_BUCKETS_S, seconds)] += 1
        self.total_s += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Upper bound and number of observations up to it, as the exposition wants them."""
        bounds = [str(bound) for bound in QUERY_BUCKETS_S] + ["+Inf"]
        running = 0
        out: list[tuple[str, float]] = []
        for bound, count in zip(bounds, self.counts, strict=True):
            running += count
            out.append((bound, running))
        return out


class Telemetry(Counts, Collector):
    """What the web floor counts, and the figures that other rooms supply. Counting belongs to the loop's thread."""

    def __init__(self, version: str, gauges: Iterable[Gauge] = (), others: Iterable[Counts] = ()) -> None:
        """others: what other processes count; told together with our own."""
        super().__init__()
        self._version = version
        self._gauges = tuple(gauges)
        self._others = tuple(others)
        self._queries: dict[str, _Histogram] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def observe(self, name: str, seconds: float) -> None:
        """One query of the store. name: of the closed set of statement names."""
        histogram = self._queries.get(name)
        if histogram is None:
            histogram = self._queries[name] = _Histogram()
        histogram.observe(seconds)

    def render(self) -> bytes:
        """The body of /metrics, of type CONTENT_TYPE."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("streamgauge_build", "What is running.", value={"version": self._version})
        accepted = CounterMetricFamily("streamgauge_events_accepted", "Events made durable and acknowledged.", labels=["door"])
        counts = Counts()
        for each in (self, *self._others):
            counts.add(each)
        for name, count in counts.by_door():
            accepted.add_metric([name], count)
        yield accepted
        refused = CounterMetricFamily("streamgauge_refused", "Requests and events refused, by name.", labels=["door", "reason"])
        for door, reason, count in counts.by_reason():
            refused.add_metric([door, reason], count)
        yield refused
        requests = CounterMetricFamily("streamgauge_http_requests", "HTTP requests answered, by status.", labels=["status"])
        for status, count in counts.by_status():
            requests.add_metric([str(status)], count)
        yield requests
        queries = HistogramMetricFamily("streamgauge_query_seconds", "Time of queries on the store, by name.", labels=["query"])
        for query, histogram in sorted(self._queries.copy().items()):
            queries.add_metric([query], buckets=histogram.buckets(), sum_value=histogram.total_s)
        yield queries
        for gauge in self._gauges:
            family = CounterMetricFamily if gauge.is_counter else GaugeMetricFamily
            yield family(gauge.name.removesuffix("_total"), gauge.help, value=gauge.read())
