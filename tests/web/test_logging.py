"""What the log shows, and what it never shows."""

import io
import json
import logging

import pytest

from streamgauge.web.logging import LogFormat, SlowQueryLog, configure_logging, log, log_failure

SECRET = "sk_live_AbC-123_xyz"


def lines_of(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def stream() -> io.StringIO:
    out = io.StringIO()
    configure_logging(level="info", log_format=LogFormat.JSON, stream=out)
    return out


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"authorization": f"Bearer {SECRET}"}, id="a header by its name"),
        pytest.param({"headers": [(b"x-api-key", SECRET.encode())]}, id="headers as they are"),
        pytest.param({"x-api-key": SECRET}, id="a key by its name"),
        pytest.param({"note": f"the key {SECRET} was refused"}, id="a key within a text"),
        pytest.param({"note": f"Basic {SECRET}"}, id="a credential within a text"),
        pytest.param({"request": {"payload": SECRET, "deep": [SECRET]}}, id="a key in a nested value"),
        pytest.param({"raw": SECRET.encode()}, id="bytes"),
        pytest.param({"properties": {"amount": SECRET}}, id="properties of an event"),
    ],
)
@pytest.mark.parametrize("log_format", list(LogFormat))
def test_secrets_and_payloads_are_never_written(fields: dict[str, object], log_format: LogFormat) -> None:
    out = io.StringIO()
    configure_logging(log_format=log_format, stream=out)
    log.info("refused", **fields)
    assert "refused" in out.getvalue()
    assert "AbC-123_xyz" not in out.getvalue()


@pytest.mark.parametrize("secret", ["sk_" + "a1B2" * 8, "pk_" + "a1B2" * 8, "whsec_" + "a1B2" * 8])
def test_every_kind_of_secret_is_known_within_a_text(stream: io.StringIO, secret: str) -> None:
    log.info("refused", note=f"key={secret}, of no task_with_a_long_name_of_its_own")
    (line,) = lines_of(stream)
    assert line["note"] == "key=[redacted], of no task_with_a_long_name_of_its_own"


def test_a_failed_request_is_one_line_without_what_was_sent(stream: io.StringIO) -> None:
    scope = {
        "method": "POST",
        "path": "/v1/events",
        "query_string": b"secret=1",
        "headers": [(b"authorization", SECRET.encode())],
    }
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int(SECRET)
    log_failure(scope, caught.value)
    (line,) = lines_of(stream)
    assert line["event"] == "request_failed"
    assert line["level"] == "error"
    assert (line["method"], line["path"], line["error"]) == ("POST", "/v1/events", "ValueError")
    assert "Traceback" in str(line["exception"])
    assert "AbC-123_xyz" not in stream.getvalue()
    assert "secret=1" not in stream.getvalue()


def test_lines_below_the_level_are_left_out(stream: io.StringIO) -> None:
    log.debug("details")
    log.info("started", port=8080)
    (line,) = lines_of(stream)
    assert (line["event"], line["port"]) == ("started", 8080)


def test_other_libraries_write_the_same_way(stream: io.StringIO) -> None:
    logging.getLogger("sqlalchemy.pool").warning("lost a connection with %s", SECRET)
    logging.getLogger("sqlalchemy.pool").info("checked out")
    (line,) = lines_of(stream)
    assert line["event"] == "lost a connection with [redacted]"
    assert line["level"] == "warning"


def test_a_long_text_is_cut(stream: io.StringIO) -> None:
    log.warning("strange", text="x" * 100_000)
    assert len(stream.getvalue()) < 3_000


def test_text_lines_are_for_people() -> None:
    out = io.StringIO()
    configure_logging(log_format=LogFormat.TEXT, stream=out)
    log.info("started", port=8080)
    assert "started" in out.getvalue()
    assert "port=8080" in out.getvalue()


class _Times:
    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []

    def observe(self, name: str, seconds: float) -> None:
        self.seen.append((name, seconds))


def test_a_slow_query_has_a_line_of_its_own_and_every_time_is_passed_on() -> None:
    stream = io.StringIO()
    configure_logging(log_format=LogFormat.JSON, stream=stream)
    times = _Times()
    watch = SlowQueryLog(times, slow_s=0.5)
    watch.observe("metric.total", 0.1)
    watch.observe("metric.total", 0.7)
    assert times.seen == [("metric.total", 0.1), ("metric.total", 0.7)]
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["query"], line["seconds"]) for line in lines] == [("slow_query", "metric.total", 0.7)]
