"""Journal to store, exactly once."""

from streamgauge.loader.accounts import Accounts, VerifyReport
from streamgauge.loader.batching import BatchLimits
from streamgauge.loader.index import checkpoint_of
from streamgauge.loader.load import LOAD_STEPS
from streamgauge.loader.loader import Loader, LoaderFailed, open_loader
from streamgauge.loader.tally import Tally

__all__ = [
    "LOAD_STEPS",
    "Accounts",
    "BatchLimits",
    "Loader",
    "LoaderFailed",
    "Tally",
    "VerifyReport",
    "checkpoint_of",
    "open_loader",
]
