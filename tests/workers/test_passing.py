"""Open connections go to another process with what was read of them; here both ends are in one."""

import contextlib
import os
import socket
from collections.abc import Iterator

import pytest

from streamgauge.workers.passing import channel, pass_connection, take_all, take_connection

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    one, other = channel()
    with one, other:
        yield one, other


@pytest.mark.parametrize("read", [b"", b"GET / HTTP/1.1\r\n", os.urandom(1_000_000)], ids=["nothing", "a line", "a megabyte"])
def test_what_was_read_goes_along(ends: Ends, read: bytes) -> None:
    client, accepted = socket.socketpair()
    with accepted:
        pass_connection(ends[0], accepted.fileno(), read)
    passed = take_connection(ends[1])
    assert passed is not None
    assert passed.read == read
    with client, passed.connection as connection:
        client.sendall(b"ping")
        connection.setblocking(True)
        assert connection.recv(4) == b"ping"


def test_connections_come_in_their_order(ends: Ends) -> None:
    with contextlib.closing(socket.socket()) as connection:
        for number in range(20):
            pass_connection(ends[0], connection.fileno(), b"%d" % number)
    read = []
    for _ in range(20):
        passed = take_connection(ends[1])
        assert passed is not None
        passed.connection.close()
        read.append(passed.read)
    assert read == [b"%d" % number for number in range(20)]


def test_none_now_and_none_ever_are_told_apart(ends: Ends) -> None:
    with pytest.raises(BlockingIOError):
        take_connection(ends[1])
    ends[0].close()
    assert take_connection(ends[1]) is None


def test_who_does_not_keep_up_is_told(ends: Ends) -> None:
    def pass_many() -> None:
        for _ in range(100_000):
            pass_connection(ends[0], connection.fileno())

    with socket.socket() as connection, pytest.raises(BlockingIOError):
        pass_many()


def test_nothing_is_left_open(ends: Ends) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        client, accepted = socket.socketpair()
        pass_connection(ends[0], accepted.fileno(), b"some bytes")
        passed = take_connection(ends[1])
        assert passed is not None
        for each in (client, accepted, passed.connection):
            each.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_connection_for_which_there_is_no_file_left_is_lost_by_name(ends: Ends) -> None:
    """The kernel then delivers the packet without its files."""
    ends[0].send(b"0")
    with pytest.raises(OSError, match="Too many open files"):
        take_connection(ends[1])


def test_one_that_is_lost_does_not_keep_back_the_others(ends: Ends) -> None:
    taken: list[bytes] = []

    def adopt(connection: socket.socket, read: bytes) -> None:
        connection.close()
        taken.append(read)

    ends[0].send(b"1")
    with socket.socket() as connection:
        pass_connection(ends[0], connection.fileno(), b"kept")
    assert take_all(ends[1], adopt)
    ends[0].close()
    assert not take_all(ends[1], adopt)
    assert taken == [b"kept"]
