"""Capacity's refusals.

Error
├── Refused 409
│   └── SlotFull        slot_full            no room is left, or the cut-off has passed
└── NotFound 404
    └── SlotNotFound    slot_not_found       there is none, or it is over
"""

from __future__ import annotations

from storeline.kernel.api import NotFound, Refused


class SlotFull(Refused):
    code = "slot_full"
    title = "This slot is full"


class SlotNotFound(NotFound):
    code = "slot_not_found"
    title = "There is no such slot"
