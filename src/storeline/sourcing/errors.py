"""Sourcing's refusals.

Error
├── Refused 409
│   ├── PlaceFull       place_full              a place has as many online orders as it can pick in this hour
│   ├── PlanKept        plan_kept               the order is served by another plan already
│   ├── NotServed       no_plan                 there is no plan to keep
│   ├── PolicyChanged   policy_changed          another policy went live meanwhile
│   └── PolicyTaken     policy_taken            another policy has this name
└── NotFound 404
    ├── GroupNotFound   group_not_found
    └── PlanNotFound    plan_not_found
"""

from __future__ import annotations

from storeline.kernel.api import NotFound, Refused


class PlaceFull(Refused):
    code = "place_full"
    title = "A place can pick no more online orders in this hour"


class PlanKept(Refused):
    code = "plan_kept"
    title = "The order is served by another plan already"


class NotServed(Refused):
    code = "no_plan"
    title = "There is no plan to keep"


class PolicyChanged(Refused):
    code = "policy_changed"
    title = "Another policy went live meanwhile"


class PolicyTaken(Refused):
    code = "policy_taken"
    title = "Another policy has this name"


class GroupNotFound(NotFound):
    code = "group_not_found"
    title = "There is no such group"


class PlanNotFound(NotFound):
    code = "plan_not_found"
    title = "This order has no plan"
