"""What holds for every test that Hypothesis feeds: how long a machine takes for an example says nothing about the product.

A new clone has no table of Unicode yet, and who needs it first in a process waits for seconds.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("streamgauge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("streamgauge")
