"""Counts of events per project and UTC day of receipt."""

from collections import defaultdict

import msgspec

DAY_MS = 86_400_000


class Tally(msgspec.Struct, array_like=True):
    """received = stored + duplicate + refused.

    stored: rows in the store, those of amendments included. duplicate: same id and same content as a known event.
    refused: set aside because the record could not be read or its rows not be stored. amended: how many of the stored rows
    replaced an earlier one.
    """

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    refused: int = 0
    amended: int = 0

    def add(self, other: "Tally") -> None:
        self.received += other.received
        self.stored += other.stored
        self.duplicate += other.duplicate
        self.refused += other.refused
        self.amended += other.amended


Tallies = defaultdict[tuple[str, int], Tally]
"""By (project, UTC day as days since 1970). The project of a record that cannot be read is ""; it counts as one event."""


def new_tallies() -> Tallies:
    return defaultdict(Tally)


def utc_day(moment_ms: int) -> int:
    """Days since 1970 of a moment in milliseconds."""
    return moment_ms // DAY_MS
