"""The receipt of a stored event: asked of the meters, customers and goals as they are now, and the event as the store has it."""

from typing import Protocol

from streamgauge.kernel.metering import Customer, Feature, Meter
from streamgauge.kernel.query import StoredEvent
from streamgauge.kernel.receipt import Receipt, Verdict
from streamgauge.kernel.website import ConversionEvent
from streamgauge.metering.goals import goals_of
from streamgauge.metering.matching import Counted, EventFacts, Uncounted, rule_of, why_uncounted


class MeterShelf(Protocol):
    """The catalogue, as receipts need it; from memory."""

    def meters(self, project_id: str) -> tuple[Meter, ...]: ...

    def meters_of_event(self, project_id: str, event_name: str) -> tuple[Meter, ...]: ...

    def features_of_meter(self, project_id: str, meter_id: str) -> tuple[Feature, ...]: ...


class CustomerBook(Protocol):
    """The customers, as receipts need them; may read a disk."""

    def find(self, project_id: str, external_id: str) -> Customer | None: ...


class GoalBook(Protocol):
    """The conversion events of websites; from memory."""

    def conversion_events(self, website_id: str) -> tuple[ConversionEvent, ...]: ...


class ReceiptDepartment:
    """Writes receipts."""

    def __init__(self, meters: MeterShelf, customers: CustomerBook, goals: GoalBook) -> None:
        self._meters = meters
        self._customers = customers
        self._goals = goals

    def receipt(self, project_id: str, event: StoredEvent, out_of_force: Uncounted | None = None) -> Receipt:
        """out_of_force: VOIDED or SUPERSEDED when this version does not count. May read a disk."""
        customer = self._customers.find(project_id, event.customer_id) if event.customer_id else None
        metered = bool(self._meters.meters(project_id))
        if out_of_force is not None:
            return Receipt(metered, customer, reason=out_of_force.value)
        facts = EventFacts(event)
        outcomes = [(meter, rule_of(meter).count(facts)) for meter in self._meters.meters_of_event(project_id, event.name)]
        verdicts = tuple(
            Verdict(meter, self._meters.features_of_meter(project_id, meter.meter_id), outcome.quantity)
            if isinstance(outcome, Counted)
            else Verdict(meter, reason=outcome.reason.value)
            for meter, outcome in outcomes
        )
        reason = why_uncounted(outcome for _, outcome in outcomes) if metered else None
        goals = self._goals.conversion_events(event.website_id) if event.website_id else ()
        return Receipt(metered, customer, verdicts, reason.value if reason else "", goals_of(facts, goals))
