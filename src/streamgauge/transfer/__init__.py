"""Import and export: files of rows into the journal, and events and usage out of the store into files.

importing.py says what an import promises, exporting.py what an export does. Nothing here knows HTTP: whoever runs an import hands
it a Taker, whoever runs an export a source of pages.
"""

from streamgauge.transfer.ends import AppendDesk, LocalTaker, Taker
from streamgauge.transfer.exporting import Exported, Source, export_events
from streamgauge.transfer.files import Format, UnusableFile
from streamgauge.transfer.importing import Import, Importing, Outcome, Watcher
from streamgauge.transfer.mapping import RowPlan, UnusableMapping, Wishes
from streamgauge.transfer.remote import Position, RemoteSource, RemoteTaker, stream_of
from streamgauge.transfer.usage import UsageDesk, UsageSource, export_usage
from streamgauge.transfer.verdict import BadRow

__all__ = [
    "AppendDesk",
    "BadRow",
    "Exported",
    "Format",
    "Import",
    "Importing",
    "LocalTaker",
    "Outcome",
    "Position",
    "RemoteSource",
    "RemoteTaker",
    "RowPlan",
    "Source",
    "Taker",
    "UnusableFile",
    "UnusableMapping",
    "UsageDesk",
    "UsageSource",
    "Watcher",
    "Wishes",
    "export_events",
    "export_usage",
    "stream_of",
]
