"""The ends of a transfer in another process: a server that runs on the data folder."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import msgspec
import pyarrow as pa

from streamgauge.kernel.export import ExportPage, UsagePage
from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.transfer.ends import PATIENT_REASONS, PAUSE_S


class Link(Protocol):
    """A connection to the server. post: status and body; raises ConnectionError."""

    def post(self, path: str, body: bytes) -> tuple[int, bytes]: ...


class _Error(msgspec.Struct):
    code: str
    message: str


class _Refused(msgspec.Struct):
    error: _Error


def ask(link: Link, path: str, body: bytes) -> bytes:
    """The answer's body; asks again while the server is busy. Raises Refusal as the server said it, ConnectionError."""
    while True:
        status, answer = link.post(path, body)
        if status == 200:
            return answer
        refusal = _refusal_of(status, answer)
        if refusal.reason not in PATIENT_REASONS:
            raise refusal
        time.sleep(PAUSE_S)


class RemoteTaker:
    """A Taker: hands records to the server, one after the other, on a thread of its own."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="import")

    def begin(self, payload: bytes, *, of_website: bool) -> "Future[None]":
        """See Taker."""
        path = "/internal/import?websites=1" if of_website else "/internal/import"
        return self._thread.submit(self._take, path, payload)

    def close(self) -> None:
        """Waits for what is under way, drops what waits."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _take(self, path: str, payload: bytes) -> None:
        ask(self._link, path, payload)


class Position(msgspec.Struct, frozen=True):
    """The answer of /internal/export/position."""

    position: int


class RemoteSource:
    """A Source: asks the server, page by page."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def position(self) -> int:
        """See Source."""
        return msgspec.json.decode(ask(self._link, "/internal/export/position", b""), type=Position).position

    def page(self, page: ExportPage) -> pa.Table:
        """See Source."""
        answer = ask(self._link, "/internal/export/events", msgspec.json.encode(page))
        return table_from(answer)

    def usage(self, page: UsagePage) -> pa.Table:
        """See UsageSource."""
        return table_from(ask(self._link, "/internal/export/usage", msgspec.json.encode(page)))


def table_from(stream: bytes) -> pa.Table:
    """A table of its Arrow stream."""
    return pa.ipc.open_stream(stream).read_all()


def stream_of(table: pa.Table) -> bytes:
    """The table as an Arrow stream, compressed."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return] # pyarrow has no types


def _refusal_of(status: int, answer: bytes) -> Refusal:
    try:
        error = msgspec.json.decode(answer, type=_Refused).error
        return Refusal(Reason(error.code), error.message)
    except (msgspec.DecodeError, ValueError):
        return Refusal(Reason.INTERNAL_ERROR, f"the running server answered {status}")
