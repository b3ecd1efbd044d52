"""How much a sender may send: request windows per key, and events per UTC day per project. In memory, without I/O."""

from streamgauge.limits.quota import EventQuota
from streamgauge.limits.windows import UNLIMITED, Allowance, RateLimits

__all__ = ["UNLIMITED", "Allowance", "EventQuota", "RateLimits"]
