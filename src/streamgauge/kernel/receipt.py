"""What became of an event: where it stands, which meters and goals count it, or why they do not."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from streamgauge.kernel.metering import Customer, Feature, Meter
from streamgauge.kernel.website import ConversionEvent


class Standing(StrEnum):
    """Of one stored version of an event.

    IN_FORCE: it counts. SUPERSEDED: a later version counts instead. VOIDED: the event was taken back while this version counted.
    """

    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    VOIDED = "voided"


class Verdict(msgspec.Struct, frozen=True):
    """What one meter of the event's name says. quantity: None when it does not count the event; reason then says why.

    features: those that customers know the meter by.
    """

    meter: Meter
    features: tuple[Feature, ...] = ()
    quantity: Decimal | None = None
    reason: str = ""


class Receipt(msgspec.Struct, frozen=True):
    """Of the version of an event that is in force; of any other one there are no verdicts and no conversions.

    metered: whether the project has meters at all. customer: None when none was made for the event's customer id.
    reason: why no meter counts it; "" when one does, or when the project has no meters.
    conversions: the goals of the event's website that it counts for.
    """

    metered: bool
    customer: Customer | None = None
    verdicts: tuple[Verdict, ...] = ()
    reason: str = ""
    conversions: tuple[ConversionEvent, ...] = ()
