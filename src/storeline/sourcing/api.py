"""Sourcing: what can be promised, and from where at what cost. The only file that other modules import.

`options` judges places one by one, `promise` answers every way of receiving at once, `plan` finds the cheapest
places for an order and `keep_plan` keeps them. Costs are thousandths of a minor unit; they are weighed, never charged.
"""

from storeline.sourcing.commands.asks import Ask, Bars, Turned, free, full, gather_bars, gather_turned, take
from storeline.sourcing.commands.groups import (
    Closure,
    Limits,
    close_place,
    open_place,
    set_channel,
    set_group,
    set_limits,
)
from storeline.sourcing.commands.keep import drop_plan, keep_plan
from storeline.sourcing.commands.policies import MOST, check_policy, let_live, set_policy
from storeline.sourcing.commands.values import Dual, make_values, set_duals
from storeline.sourcing.domain import Code, Method, Option, Reason, WantedLine
from storeline.sourcing.domain.costs import Costs, Need, Part, Pick, Plan, Policy, Site, need, parcel_cost, part_of
from storeline.sourcing.domain.seen import Facts, Seen, Sourced
from storeline.sourcing.domain.solve import solve
from storeline.sourcing.domain.spread import lacking
from storeline.sourcing.domain.values import Value, keep_row, shrunk, waste_row
from storeline.sourcing.domain.ways import Answer, Fee, Level, Offer, Promise, Sure, Terms, Way, Window
from storeline.sourcing.domain.whatif import Outcome
from storeline.sourcing.errors import (
    GroupNotFound,
    NotServed,
    PlaceFull,
    PlanKept,
    PlanNotFound,
    PolicyChanged,
    PolicyTaken,
)
from storeline.sourcing.loading import (
    CHANNELS_IN,
    CLOSURES_IN,
    GROUP_PLACES_IN,
    GROUPS_IN,
    LIMITS_IN,
    POLICIES_IN,
    load_channels,
    load_closures,
    load_group_places,
    load_groups,
    load_limits,
    load_policies,
)
from storeline.sourcing.locks import Hour, hour_of, lock_hours
from storeline.sourcing.permissions import CLOSE, CONFIGURE, OPTIONS, PLANS
from storeline.sourcing.queries.figures import Figures, Origin, Origins, figures, origins
from storeline.sourcing.queries.kept import (
    Comparison,
    KeptPlan,
    Ways,
    components,
    kept_plan,
    ways_of,
    what_if,
)
from storeline.sourcing.queries.options import options
from storeline.sourcing.queries.plan import plan
from storeline.sourcing.queries.policies import COSTS, PolicyRow, get_policy, list_policies, live_policies
from storeline.sourcing.queries.promise import promise

__all__ = [
    "CHANNELS_IN",
    "CLOSE",
    "CLOSURES_IN",
    "CONFIGURE",
    "COSTS",
    "GROUPS_IN",
    "GROUP_PLACES_IN",
    "LIMITS_IN",
    "MOST",
    "OPTIONS",
    "PLANS",
    "POLICIES_IN",
    "Answer",
    "Ask",
    "Bars",
    "Closure",
    "Code",
    "Comparison",
    "Costs",
    "Dual",
    "Facts",
    "Fee",
    "Figures",
    "GroupNotFound",
    "Hour",
    "KeptPlan",
    "Level",
    "Limits",
    "Method",
    "Need",
    "NotServed",
    "Offer",
    "Option",
    "Origin",
    "Origins",
    "Outcome",
    "Part",
    "Pick",
    "PlaceFull",
    "Plan",
    "PlanKept",
    "PlanNotFound",
    "Policy",
    "PolicyChanged",
    "PolicyRow",
    "PolicyTaken",
    "Promise",
    "Reason",
    "Seen",
    "Site",
    "Sourced",
    "Sure",
    "Terms",
    "Turned",
    "Value",
    "WantedLine",
    "Way",
    "Ways",
    "Window",
    "check_policy",
    "close_place",
    "components",
    "drop_plan",
    "figures",
    "free",
    "full",
    "gather_bars",
    "gather_turned",
    "get_policy",
    "hour_of",
    "keep_plan",
    "keep_row",
    "kept_plan",
    "lacking",
    "let_live",
    "list_policies",
    "live_policies",
    "load_channels",
    "load_closures",
    "load_group_places",
    "load_groups",
    "load_limits",
    "load_policies",
    "lock_hours",
    "make_values",
    "need",
    "open_place",
    "options",
    "origins",
    "parcel_cost",
    "part_of",
    "plan",
    "promise",
    "set_channel",
    "set_duals",
    "set_group",
    "set_limits",
    "set_policy",
    "shrunk",
    "solve",
    "take",
    "waste_row",
    "ways_of",
    "what_if",
]
