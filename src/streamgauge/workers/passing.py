"""Open connections on their way from one process to another, with what was read of them and not yet answered.

A connection is a packet of its own, which never arrives in parts. What was read travels as a memory file beside it, since a
packet has little room.
"""

import contextlib
import errno
import os
import socket
from collections.abc import Callable
from typing import NamedTuple

from streamgauge.web.logging import log

_BARE, _WITH_BYTES = b"0", b"1"
_FILES = {_BARE: 1, _WITH_BYTES: 2}


class Passed(NamedTuple):
    """read: what the other process read of it."""

    connection: socket.socket
    read: bytes


def channel() -> tuple[socket.socket, socket.socket]:
    """Two ends, neither of which waits."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setblocking(False)
    return ends


def pass_connection(end: socket.socket, descriptor: int, read: bytes = b"") -> None:
    """Raises OSError: BlockingIOError when the other side does not keep up, others when it is gone. The caller closes its own."""
    if not read:
        socket.send_fds(end, [_BARE], [descriptor])
        return
    file = os.memfd_create("streamgauge-read")
    try:
        with open(file, "wb", closefd=False) as writer:
            writer.write(read)
        socket.send_fds(end, [_WITH_BYTES], [descriptor, file])
    finally:
        os.close(file)


def take_connection(end: socket.socket) -> Passed | None:
    """The next one; None when the other side is gone. Raises BlockingIOError when there is none now, and OSError EMFILE when this
    process has too many open files to take it: it is lost then."""
    kind, descriptors, _, _ = socket.recv_fds(end, 1, 2)
    if not kind:
        return None
    if len(descriptors) < _FILES[kind]:
        for descriptor in descriptors:
            os.close(descriptor)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    connection = socket.socket(fileno=descriptors[0])
    connection.setblocking(False)
    if kind == _BARE:
        return Passed(connection, b"")
    with contextlib.closing(os.fdopen(descriptors[1], "rb")) as reader:
        reader.seek(0)
        return Passed(connection, reader.read())


def take_all(end: socket.socket, adopt: Callable[[socket.socket, bytes], None]) -> bool:
    """Give all that are there now to adopt. False when the other side is gone and none will come."""
    while True:
        try:
            passed = take_connection(end)
        except BlockingIOError:
            return True
        except OSError as exc:
            if exc.errno != errno.EMFILE:
                return False
            log.warning("connection_not_taken", why=str(exc))
            continue
        if passed is None:
            return False
        adopt(*passed)
