"""Capacity: how many orders a place can hand over, hour by hour. The only file that other modules import.

`lock`, `book`, `settle`, `release` and `extend` queue in the caller's pipeline. Slots are locked before stock.
"""

from storeline.capacity.commands.bookings import book, expire, extend, release, settle
from storeline.capacity.commands.slots import generate, set_rule
from storeline.capacity.domain import BookRow, Method, Room, Rule, Slot, State
from storeline.capacity.errors import SlotFull, SlotNotFound
from storeline.capacity.locks import lock
from storeline.capacity.permissions import BROWSE, PLAN
from storeline.capacity.queries import get_slot, open_slots

__all__ = [
    "BROWSE",
    "PLAN",
    "BookRow",
    "Method",
    "Room",
    "Rule",
    "Slot",
    "SlotFull",
    "SlotNotFound",
    "State",
    "book",
    "expire",
    "extend",
    "generate",
    "get_slot",
    "lock",
    "open_slots",
    "release",
    "set_rule",
    "settle",
]
