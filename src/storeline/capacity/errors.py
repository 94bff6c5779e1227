"""Capacity's refusals.

Error
├── Refused 409
│   └── SlotFull        capacity.full         no room is left, or the cut-off has passed
└── NotFound 404
    └── SlotNotFound    capacity.not_found
"""

from __future__ import annotations

from storeline.kernel.api import NotFound, Refused


class SlotFull(Refused):
    code = "capacity.full"
    title = "This slot is full"


class SlotNotFound(NotFound):
    code = "capacity.not_found"
    title = "There is no such slot"
