"""Projects, keys, websites, conversion events and exchange rates: kept in a database, looked up in memory."""

from streamgauge.control.database import UnusableDatabase
from streamgauge.control.directory import Directory
from streamgauge.control.keys import DEFAULT_SCOPES, KeyRecord, KeySpec, NewKey
from streamgauge.control.plane import Control
from streamgauge.control.rate_files import BadRates, inverse_of, read_rate_file
from streamgauge.control.rates import RatesLoaded
from streamgauge.kernel.website_settings import ConversionEventChange, WebsiteChange, WebsiteSpec

__all__ = [
    "DEFAULT_SCOPES",
    "BadRates",
    "Control",
    "ConversionEventChange",
    "Directory",
    "KeyRecord",
    "KeySpec",
    "NewKey",
    "RatesLoaded",
    "UnusableDatabase",
    "WebsiteChange",
    "WebsiteSpec",
    "inverse_of",
    "read_rate_file",
]
