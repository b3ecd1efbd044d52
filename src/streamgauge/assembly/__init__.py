"""Builds every part from Settings and hands it over. The server, the command line and the tests use the same functions."""

from streamgauge.assembly.parts import Parts, opened_parts
from streamgauge.assembly.reports import Report, ReportLine, verify_folder
from streamgauge.assembly.serving import serve
from streamgauge.assembly.transfers import FolderEnds, LocalSource, work_on_folder

__all__ = [
    "FolderEnds",
    "LocalSource",
    "Parts",
    "Report",
    "ReportLine",
    "opened_parts",
    "serve",
    "verify_folder",
    "work_on_folder",
]
