"""Capacity: how many orders a place can hand over, hour by hour, and where it brings goods for how much.

The only file that other modules import. `lock`, `book`, `settle`, `release`, `extend` and the `gather_…` queue in the
caller's pipeline. Slots are locked before stock. Fees are minor units of the place's currency.
"""

from storeline.capacity.commands.areas import set_areas
from storeline.capacity.commands.bookings import book, expire, extend, release, settle
from storeline.capacity.commands.holds import HOLD_FOR, HOLDING, HOLDS_PER_ADDRESS, hold
from storeline.capacity.commands.slots import generate, set_rule
from storeline.capacity.domain import (
    Area,
    BookRow,
    Bring,
    Destination,
    Method,
    Peak,
    Room,
    Rule,
    Slot,
    State,
    area_for,
    fee_of,
    plain_code,
)
from storeline.capacity.errors import SlotFull, SlotNotFound
from storeline.capacity.loading import (
    AREAS_IN,
    SLOT_PEAKS_IN,
    SLOT_RULES_IN,
    load_areas,
    load_slot_peaks,
    load_slot_rules,
)
from storeline.capacity.locks import lock
from storeline.capacity.permissions import BROWSE, PLAN
from storeline.capacity.queries import (
    Hold,
    areas_of,
    gather_areas,
    gather_open_slots,
    gather_serving,
    gather_slot,
    get_slot,
    hold_of,
    open_slots,
    slot_fees,
)

__all__ = [
    "AREAS_IN",
    "BROWSE",
    "HOLDING",
    "HOLDS_PER_ADDRESS",
    "HOLD_FOR",
    "PLAN",
    "SLOT_PEAKS_IN",
    "SLOT_RULES_IN",
    "Area",
    "BookRow",
    "Bring",
    "Destination",
    "Hold",
    "Method",
    "Peak",
    "Room",
    "Rule",
    "Slot",
    "SlotFull",
    "SlotNotFound",
    "State",
    "area_for",
    "areas_of",
    "book",
    "expire",
    "extend",
    "fee_of",
    "gather_areas",
    "gather_open_slots",
    "gather_serving",
    "gather_slot",
    "generate",
    "get_slot",
    "hold",
    "hold_of",
    "load_areas",
    "load_slot_peaks",
    "load_slot_rules",
    "lock",
    "open_slots",
    "plain_code",
    "release",
    "set_areas",
    "set_rule",
    "settle",
    "slot_fees",
]
