"""Projects, keys and websites: kept in a database, looked up in memory."""

from streamgauge.control.database import UnusableDatabase
from streamgauge.control.directory import Directory
from streamgauge.control.keys import DEFAULT_SCOPES, KeyRecord, KeySpec, NewKey
from streamgauge.control.plane import Control
from streamgauge.control.websites import WebsiteSpec

__all__ = ["DEFAULT_SCOPES", "Control", "Directory", "KeyRecord", "KeySpec", "NewKey", "UnusableDatabase", "WebsiteSpec"]
