"""The plan table as it is when the settings say nothing else."""

from collections.abc import Mapping

from streamgauge.kernel.access import Plan

UNLIMITED = "unlimited"
DEFAULT_PLANS: Mapping[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan("free", 100, 10_000, 1_000, 5_000),
        Plan("pro", 1_000, 1_000_000, 10_000, 50_000),
        Plan("enterprise", 10_000, None, 100_000, 500_000),
        Plan(UNLIMITED),
    )
}
