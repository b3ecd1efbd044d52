"""Import and export: files of rows into the journal, and events and usage out of the store into files.

importing.py says what an import promises, exporting.py what an export does. Nothing here knows HTTP: whoever runs an import hands
it a Taker, whoever runs an export a source of pages.

Imported from here is only what a running server needs: what reads and writes files loads 13 MiB of Arrow more, and is for the
command line.
"""

from streamgauge.transfer.ends import AppendDesk, LocalTaker, Taker
from streamgauge.transfer.remote import Position, RemoteSource, RemoteTaker, stream_of
from streamgauge.transfer.usage import UsageDesk

__all__ = ["AppendDesk", "LocalTaker", "Position", "RemoteSource", "RemoteTaker", "Taker", "UsageDesk", "stream_of"]
