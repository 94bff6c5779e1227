"""Sourcing's refusals.

Error
├── Refused 409
│   ├── PlaceFull       sourcing.place_full     a place has as many online orders as it can pick in this hour
│   ├── PlanKept        sourcing.plan_kept      the order is served by another plan already
│   └── NotServed       sourcing.not_served     there is no plan to keep
└── NotFound 404
    ├── GroupNotFound   sourcing.group_not_found
    └── PlanNotFound    sourcing.plan_not_found
"""

from __future__ import annotations

from storeline.kernel.api import NotFound, Refused


class PlaceFull(Refused):
    code = "sourcing.place_full"
    title = "A place can pick no more online orders in this hour"


class PlanKept(Refused):
    code = "sourcing.plan_kept"
    title = "The order is served by another plan already"


class NotServed(Refused):
    code = "sourcing.not_served"
    title = "There is no plan to keep"


class GroupNotFound(NotFound):
    code = "sourcing.group_not_found"
    title = "There is no such group"


class PlanNotFound(NotFound):
    code = "sourcing.plan_not_found"
    title = "This order has no plan"
