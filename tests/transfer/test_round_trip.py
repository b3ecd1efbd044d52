"""Events through the doors, out into files, judged by DuckDB, and in again: with a server and without one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.flows.running import RunningServer, running

FORMATS = ("csv", "jsonl", "parquet")
_TEXTS = ("event_id", "event_name", "timestamp", "customer_id", "account_id", "visitor_id", "website_id", "source", "door")
_TYPES = dict.fromkeys(_TEXTS, "VARCHAR") | {"flags": "INT", "properties": "JSON"}
_READERS = {
    "csv": "read_csv('{}', all_varchar=true)",
    "jsonl": f"read_json('{{}}', columns={_TYPES})",
    "parquet": "read_parquet('{}')",
}
_RANGE = {"start_time": "2024-01-01T00:00:00Z", "end_time": "2024-03-01T00:00:00Z"}
_CONTENT = (
    "event_id, event_name, customer_id, account_id, visitor_id, website_id, source, door, flags::INT & 62, properties::VARCHAR"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("transfer") / "data") as up:
        _send(up)
        yield up


def _send(server: RunningServer) -> None:
    """Events of all doors: with amendments, numbers of all kinds, hostile text, late ones, payments, and one that is voided."""
    secret = server.key("p")
    server.website("w", "p")
    usual = [
        {
            "event_name": "api",
            "external_customer_id": f"c{n % 5}",
            "event_id": f"id-{n % 90}",
            "timestamp": f"2024-0{1 + n % 2}-{1 + n % 28:02}T10:30:00Z",
            "source": "batch" if n % 2 else "",
            "properties": {"n": [n, str(n), -n / 8, f"{n}e2", "no number", None][n % 6], "who": f"u{n % 7}"},
        }
        for n in range(120)
    ]
    hostile = {
        "event_name": 'a,"b"\n\\é',
        "external_customer_id": "c,\n",
        "timestamp": "2024-01-05T00:00:00.123Z",
        "properties": {},
    }
    with server.client(secret, header="x-api-key") as client:
        assert client.post("/v1/events/bulk", json={"events": usual}).status_code == 202
        big = '{"x":12345678.123456789,"y":{"z":[1,"é"]},"t":"12:30"}'
        body = json.dumps(hostile).replace('"properties": {}', f'"properties": {big}')
        assert client.post("/flexprice/v1/events", content=body).status_code == 202
    with server.client(secret) as client:
        assert client.post("/v1/events", json={"event": "solinth", "timestamp": "2024-01-05T00:00:00Z"}).status_code == 200
        page = {"url": "https://example.com/a?utm_source=x", "n": 1}
        sent = {"website_id": "w", "visitor_id": "v", "event_name": "page_view", "properties": page, "timestamp": "2024-01-06"}
        assert client.post("/api/events", json=sent).status_code == 200


def _export(server: RunningServer, folder: Path, format_: str, *extra: str, project: str = "p") -> Path:
    path = folder / f"{project}.{format_}"
    server.command("export", "events", "--project", project, "--out", str(path), *extra)
    return path


def _content(path: Path) -> list[tuple[Any, ...]]:
    reader = _READERS[path.suffix[1:]].replace("{}", str(path))
    sql = f"SELECT {_CONTENT}, epoch_ms(timestamp::TIMESTAMPTZ) FROM {reader} ORDER BY event_id, event_name"
    rows = duckdb.connect().execute(sql).fetchall()
    # What DuckDB makes of JSON that it parsed itself is spelt otherwise; compared as values.
    return [tuple("" if cell is None else cell for cell in (*row[:9], _value(row[9]), row[10])) for row in rows]


def _value(properties: str | None) -> str:
    return json.dumps(json.loads(properties), sort_keys=True) if properties else ""


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_exported_comes_back_the_same(server: RunningServer, tmp_path: Path, format_: str) -> None:
    path = _export(server, tmp_path, format_, "--with-web")
    server.command("import", str(path), "--project", "p")
    before = _content(path)
    assert _content(_export(server, tmp_path, format_, "--with-web")) == before, "its own events are known by their ids"
    # A website is one of a single project: its events are refused by name in another.
    server.command("projects", "create", f"copy-{format_}")
    server.command("import", str(path), "--project", f"copy-{format_}", "--on-error", "skip")
    assert _content(_export(server, tmp_path, format_, project=f"copy-{format_}")) == [row for row in before if not row[5]]
    assert len([row for row in before if row[5]]) == 1


def test_with_and_without_a_server_the_files_are_the_same(tmp_path: Path) -> None:
    with running(tmp_path / "data") as up:
        _send(up)
        beside = {format_: _export(up, tmp_path, format_).read_bytes() for format_ in FORMATS}
    for format_ in FORMATS:
        assert _export(up, tmp_path, format_).read_bytes() == beside[format_]


def test_duckdb_gets_from_the_file_what_usage_answers(server: RunningServer, tmp_path: Path) -> None:
    path = _export(server, tmp_path, "parquet")
    number = "coalesce(try_cast(properties->>'n' AS DECIMAL(38,9)), 0)"
    aggregates = {
        "COUNT": "count(*)",
        "SUM": f"sum({number})",
        "MAX": f"max({number})",
        "COUNT_UNIQUE": "count(DISTINCT properties->>'who')",
    }
    with server.client(server.key("p"), header="x-api-key") as client, duckdb.connect() as judge:
        for aggregation, sql in aggregates.items():
            for customer in ("c0", "c3"):
                named = {"property_name": "who" if aggregation == "COUNT_UNIQUE" else "n"} if aggregation != "COUNT" else {}
                asked = {
                    "event_name": "api",
                    "external_customer_id": customer,
                    "aggregation_type": aggregation,
                    **named,
                    **_RANGE,
                }
                reply = client.post("/v1/events/usage", json=asked)
                assert reply.status_code == 200, reply.text
                question = f"SELECT {sql} FROM read_parquet('{path}') WHERE event_name = 'api' AND customer_id = ?"
                found = judge.execute(question, [customer]).fetchall()[0][0]
                assert float(reply.json()["value"] or 0) == max(float(found), 0.0)


@pytest.mark.parametrize("beside", [True, False], ids=["with a server", "without one"])
def test_usage_in_the_file_is_that_of_the_route(tmp_path: Path, beside: bool) -> None:
    with running(tmp_path / "data") as up:
        _send(up)
        with up.client(up.key("p"), header="x-api-key") as client:
            aggregation = {"type": "SUM", "field": "n"}
            made = client.post(
                "/v1/meters",
                json={"name": "calls", "event_name": "api", "aggregation": aggregation, "reset_usage": "BILLING_PERIOD"},
            )
            assert made.status_code == 201, made.text
            meter_id = made.json()["id"]
            feature = {"name": "Calls", "lookup_key": "calls", "type": "metered", "meter_id": meter_id}
            assert client.post("/v1/features", json=feature).status_code == 201
            answers = {}
            for customer in (f"c{n}" for n in range(5)):
                asked = {"meter_id": meter_id, "external_customer_id": customer, "window_size": "DAY", **_RANGE}
                reply = client.post("/v1/events/usage/meter", json=asked)
                assert reply.status_code == 200, reply.text
                answers[customer] = {row["window_size"]: float(row["value"]) for row in reply.json()["results"]}
        out = tmp_path / "usage.csv"
        if beside:
            _export_usage(up, out)
    if not beside:
        _export_usage(up, out)
    rows = duckdb.connect().execute(f"SELECT * FROM read_csv('{out}', all_varchar=true)").fetchall()
    assert {row[1:4] for row in rows} == {(meter_id, "calls", "calls")}
    assert len(rows) > 50
    for customer, _, _, _, start, value, count in rows:
        assert answers[customer][start.replace(".000Z", "Z")] == float(value)
        assert int(count) > 0
    shown = sum(sum(windows.values()) for windows in answers.values())
    assert sum(float(row[5]) for row in rows) == pytest.approx(shown)


def _export_usage(server: RunningServer, out: Path) -> None:
    days = ["--from", "2024-01-01", "--to", "2024-02-29", "--window", "DAY"]
    server.command("export", "usage", "--project", "p", "--out", str(out), *days)
