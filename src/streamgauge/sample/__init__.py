"""Sample data: two months of an invented company, for whoever looks at the product before their own events come.

Promise: what a day holds depends on the project and the day alone, ids included. Loading again therefore changes nothing, and
loading on a later day adds the days in between.
"""

from streamgauge.sample.catalogue import CALLS, setting_calls
from streamgauge.sample.days import DAYS, SampleEvent, SamplePayment, events_of_day

__all__ = ["CALLS", "DAYS", "SampleEvent", "SamplePayment", "events_of_day", "setting_calls"]
