"""Tables of what follows an order that is not carried out. Each task belongs to one order and has its id.

Ids of other modules are checked when a task is made, and by the audit, not by a trigger on each row.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from storeline.fulfilment.domain.parcels import CLOSED, ParcelState
from storeline.fulfilment.domain.picking import OPEN, State
from storeline.fulfilment.domain.runs import LIVE_DROPS, DropState, How, RunState
from storeline.fulfilment.domain.supplies import Late, SupplyState, Why


def _reference(to: str, **options: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        to, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False, **options
    )


class Task(models.Model):
    """Pick an order at `place` by `due_at`, take its money, hand it over.

    `owed` is what the picked goods come to, in minor units of the order's currency, once that is known; `attempt`
    counts the times it was asked for, and is part of the key under which the partner knows it. Where it was due at
    `promised_at` before, what comes from another place is late.
    """

    order = models.OneToOneField(
        "orders.Order", on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )
    place = _reference("places.Place")
    method = models.TextField()
    state = models.TextField()
    due_at = models.DateTimeField()
    promised_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    owed = models.BigIntegerField(null=True)
    attempt = models.IntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["place", "due_at", "order"], name="fulfilment_task_open", condition=Q(state__in=sorted(OPEN))
            ),
            models.Index(fields=["asked_at"], name="fulfilment_task_capturing", condition=Q(state="capturing")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]), name="fulfilment_task_state"
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(OPEN), closed_at__isnull=True)
                | Q(~Q(state__in=sorted(OPEN)), closed_at__isnull=False),
                name="fulfilment_task_closed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["capturing", "unpaid", "ready", "handed_over"])
                | Q(owed__isnull=False, asked_at__isnull=False, attempt__gte=1),
                name="fulfilment_task_owed",
            ),
            models.CheckConstraint(
                condition=Q(promised_at=None) | Q(promised_at__lt=F("due_at")), name="fulfilment_task_promised"
            ),
        ]

    def __str__(self) -> str:
        return self.state


class TaskLine(models.Model):
    """Goods to pick; `picked` is null until somebody looked. Quantities are thousandths of the product's unit.

    `moved` comes from elsewhere and is a line of its own; `rejected` is not there, and nobody else has it.
    """

    pk = models.CompositePrimaryKey("order_id", "line_no")
    order = _reference("orders.Order")
    line_no = models.IntegerField()
    product = _reference("catalog.Product")
    ordered = models.BigIntegerField()
    picked = models.BigIntegerField(null=True)
    moved = models.BigIntegerField(db_default=0)
    rejected = models.BigIntegerField(db_default=0)

    class Meta:
        db_table = "fulfilment_task_line"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ordered__gte=0), name="fulfilment_line_ordered"),
            models.CheckConstraint(
                condition=Q(picked__isnull=True) | Q(picked__gte=0, picked__lte=F("ordered") - F("moved")),
                name="fulfilment_line_picked",
            ),
            models.CheckConstraint(
                condition=Q(moved__gte=0, rejected__gte=0, ordered__gte=F("moved") + F("rejected")),
                name="fulfilment_line_gone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.picked} of {self.ordered}"


class Offer(models.Model):
    """Other goods offered to the shopper instead of what is `missing` of the line `replaces`.

    Where they agree it becomes the order's line `line_no`, under which the goods are held meanwhile; `line` is that
    line, priced. Of one missing unit there is one offer at a time: the task's lock sees to it, the audit proves it.
    """

    id = models.UUIDField(primary_key=True)
    order = _reference("orders.Order")
    line_no = models.IntegerField()
    replaces = models.IntegerField()
    product = _reference("catalog.Product")
    missing = models.BigIntegerField()
    quantity = models.BigIntegerField()
    price = models.BigIntegerField()
    payable = models.BigIntegerField()
    line = models.JSONField()
    state = models.TextField()
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], name="fulfilment_offer_due", condition=Q(state="offered")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "line_no"], name="fulfilment_offer_line"),
            models.CheckConstraint(condition=Q(line_no__gt=F("replaces")), name="fulfilment_offer_after"),
            models.CheckConstraint(
                condition=Q(missing__gt=0, quantity__gt=0, price__gte=0, payable__gte=F("price")),
                name="fulfilment_offer_amounts",
            ),
            models.CheckConstraint(
                condition=Q(state="offered", answered_at__isnull=True)
                | Q(state__in=["accepted", "declined", "expired", "withdrawn"], answered_at__isnull=False),
                name="fulfilment_offer_state",
            ),
        ]

    def __str__(self) -> str:
        return self.state


class Supply(models.Model):
    """What `place` picks of an order that another place serves, and sends there: its `id` is that of the transfer.

    ``sent``: under way; ``received``: all of it is accounted for; ``moved``: its place could not give it, and others
    were asked; ``cancelled``: the order is, and what is under way belongs to whoever takes it in.

    It has to leave `way` before it is due; where it was due at `promised_at` at first, `late` says why it is not.
    """

    id = models.UUIDField(primary_key=True)
    order = _reference("orders.Order")
    place = _reference("places.Place")
    to_place = _reference("places.Place")
    state = models.TextField()
    due_at = models.DateTimeField()
    promised_at = models.DateTimeField()
    way = models.DurationField()
    late = models.TextField(db_default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "fulfilment_supply"
        indexes: ClassVar = [
            models.Index(fields=["order"], name="fulfilment_supply_order"),
            models.Index(fields=["place", "due_at"], name="fulfilment_supply_open", condition=Q(state="to_pick")),
            models.Index(fields=["due_at"], name="fulfilment_supply_live", condition=Q(state__in=["to_pick", "sent"])),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "place"], name="fulfilment_supply_one", condition=Q(state="to_pick")
            ),
            models.CheckConstraint(
                condition=Q(state="to_pick", sent_at=None, closed_at=None)
                | Q(state="sent", sent_at__isnull=False, closed_at=None)
                | Q(state="received", sent_at__isnull=False, closed_at__isnull=False)
                | Q(state=SupplyState.MOVED.value, sent_at=None, closed_at__isnull=False)
                | Q(state="cancelled", closed_at__isnull=False),
                name="fulfilment_supply_state",
            ),
            models.CheckConstraint(
                condition=Q(late="", due_at=F("promised_at"))
                | Q(late__in=[late.value for late in Late], due_at__gt=F("promised_at")),
                name="fulfilment_supply_late",
            ),
            models.CheckConstraint(condition=Q(way__gt=timedelta(0)), name="fulfilment_supply_way"),
            models.CheckConstraint(condition=~Q(place=F("to_place")), name="fulfilment_supply_between"),
        ]

    def __str__(self) -> str:
        return self.state


class SupplyLine(models.Model):
    """A line of the order that its supply brings: `ordered` is to come, of that `arrived` is here and `gone` never will be."""

    pk = models.CompositePrimaryKey("supply_id", "line_no")
    supply = models.ForeignKey(Supply, models.PROTECT, related_name="+", db_index=False)
    line_no = models.IntegerField()
    product = _reference("catalog.Product")
    ordered = models.BigIntegerField()
    picked = models.BigIntegerField(db_default=0)
    arrived = models.BigIntegerField(db_default=0)
    gone = models.BigIntegerField(db_default=0)

    class Meta:
        db_table = "fulfilment_supply_line"
        indexes: ClassVar = [
            models.Index(fields=["supply"], name="fulfilment_supply_line_gone", condition=Q(gone__gt=0)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(picked__gte=0, picked__lte=F("ordered"), arrived__gte=0, gone__gte=0)
                & Q(ordered__gte=F("arrived") + F("gone")),
                name="fulfilment_supply_line_parts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.picked} of {self.ordered}"


class Rejection(models.Model):
    """A place cannot give `quantity` of a line: why, how much of its stock that corrected, and how much comes from elsewhere.

    Its `id` is that of the correction, and of the plan by which the rest was sourced.
    """

    id = models.UUIDField(primary_key=True)
    order = _reference("orders.Order")
    line_no = models.IntegerField()
    place = _reference("places.Place")
    product = _reference("catalog.Product")
    reason = models.TextField()
    quantity = models.BigIntegerField()
    corrected = models.BigIntegerField()
    moved = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["order", "at"], name="fulfilment_rejection_order")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(reason__in=[reason.value for reason in Why]), name="fulfilment_rejection_reason"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, corrected__gte=0, moved__gte=0)
                & Q(corrected__lte=F("quantity"), moved__lte=F("quantity")),
                name="fulfilment_rejection_parts",
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class Van(models.Model):
    """A van of a place."""

    id = models.UUIDField(primary_key=True)
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="+")
    name = models.TextField()
    active = models.BooleanField(db_default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["place", "name"], name="fulfilment_van_key"),
            models.CheckConstraint(condition=~Q(name=""), name="fulfilment_van_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One turn of a van: loaded at its place, out, back. A van has one at a time."""

    id = models.UUIDField(primary_key=True)
    van = models.ForeignKey(Van, models.PROTECT, related_name="+", db_index=False)
    place = _reference("places.Place")
    day = models.DateField()
    state = models.TextField()
    created_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    back_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["place", "day"], name="fulfilment_run_day")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["van"], name="fulfilment_run_one", condition=~Q(state="back")),
            models.CheckConstraint(
                condition=Q(state="loading", left_at=None, back_at=None)
                | Q(state="out", left_at__isnull=False, back_at=None)
                | Q(state="back", back_at__isnull=False),
                name="fulfilment_run_state",
            ),
        ]

    def __str__(self) -> str:
        return RunState(self.state)


class Drop(models.Model):
    """One order of a turn, in the order in which the van goes."""

    pk = models.CompositePrimaryKey("run_id", "order_id")
    run = models.ForeignKey(Run, models.PROTECT, related_name="+", db_index=False)
    order = _reference("orders.Order")
    position = models.IntegerField()
    state = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order"], name="fulfilment_drop_one", condition=Q(state__in=list(LIVE_DROPS))
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in DropState]), name="fulfilment_drop_state"
            ),
        ]

    def __str__(self) -> str:
        return self.state


class Proof(models.Model):
    """That goods changed hands: a code that was right, or a signature. About a turn, an order or a parcel."""

    id = models.UUIDField(primary_key=True)
    subject_id = models.UUIDField()
    kind = models.TextField()
    how = models.TextField()
    name = models.TextField()
    drawing = models.TextField()
    place = _reference("places.Place")
    actor_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject_id"], name="fulfilment_proof_subject")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=["van", "shopper", "point"]), name="fulfilment_proof_kind"),
            models.CheckConstraint(
                condition=Q(how=How.CODE.value, drawing="")
                | Q(how=How.SIGNATURE.value) & ~Q(name="") & ~Q(drawing="")
                | Q(how="forgotten", name="", drawing=""),
                name="fulfilment_proof_how",
            ),
        ]

    def __str__(self) -> str:
        return self.how


class Parcel(models.Model):
    """A parcel that waits for somebody at a place, or is on its way there: of our own order, or of a partner.

    How to tell whoever it is for is personal data, and goes when the parcel is closed.
    """

    id = models.UUIDField(primary_key=True)
    place = models.ForeignKey("places.Place", models.PROTECT, related_name="+", db_index=False)
    order = _reference("orders.Order", null=True)
    client_id = models.UUIDField(null=True)
    reference = models.TextField()
    label = models.TextField()
    temperature = models.TextField()
    compartment = models.TextField(db_default="")
    state = models.TextField()
    announced_at = models.DateTimeField()
    arrived_at = models.DateTimeField(null=True)
    keep_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    email = models.TextField(db_default="")
    phone = models.TextField(db_default="")
    language = models.TextField(db_default="en")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["place", "state", "id"], name="fulfilment_parcel_place"),
            models.Index(fields=["place", "label"], name="fulfilment_parcel_label", condition=Q(closed_at=None)),
            models.Index(fields=["keep_until"], name="fulfilment_parcel_due", condition=Q(state="arrived")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client_id", "reference"], name="fulfilment_parcel_key", condition=Q(client_id__isnull=False)
            ),
            models.UniqueConstraint(fields=["order"], name="fulfilment_parcel_order", condition=Q(order__isnull=False)),
            models.CheckConstraint(
                condition=Q(order__isnull=True, client_id__isnull=False) | Q(order__isnull=False, client_id=None),
                name="fulfilment_parcel_whose",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in ParcelState]), name="fulfilment_parcel_state"
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(CLOSED), closed_at__isnull=False, email="", phone="")
                | ~Q(state__in=sorted(CLOSED)) & Q(closed_at=None),
                name="fulfilment_parcel_closed",
            ),
            models.CheckConstraint(
                condition=~Q(state="arrived") | Q(arrived_at__isnull=False, keep_until__isnull=False),
                name="fulfilment_parcel_arrived",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Shipment(models.Model):
    """The parcel that an order was sent in: its carrier, and the number that the carrier knows it by."""

    order = models.OneToOneField(
        "orders.Order", on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )
    carrier = models.TextField()
    tracking = models.TextField()
    shipped_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(carrier="") & ~Q(tracking=""), name="fulfilment_shipment_told"),
        ]

    def __str__(self) -> str:
        return self.tracking
