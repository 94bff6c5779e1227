"""Where the files about serving come from: areas, groups, channels, policies, limits, closures."""

from __future__ import annotations

from storeline.exchange.exporting.master import PLACE, PRODUCT, Query
from storeline.exchange.exporting.sql import amount, clock, flag, listed, moment, quantity

_GROUP = "JOIN sourcing_group g ON g.id = t.group_id"


def _shares(*names: str) -> dict[str, str]:
    """Thousandths as percent."""
    return {name: f"trim_scale(t.{name} / 10::numeric)::text" for name in names}


def _mills(*names: str) -> dict[str, str]:
    """Thousandths of a minor unit in minor units."""
    return {name: quantity(f"t.{name}") for name in names}


def _same(*names: str) -> dict[str, str]:
    return {name: f"t.{name}" for name in names}


AREAS = Query(
    {"place": "place.ref"}
    | _same("method", "name", "country")
    | {
        "postal_codes": listed("t.postal_codes"),
        "radius_km": "trim_scale(round(t.radius_km::numeric, 9))::text",
        "currency": "entity.currency",
    }
    | {"fee": amount("t.fee", "entity.currency"), "free_from": amount("t.free_from", "entity.currency")}
    | {"days": "t.days", "product": "product.ref"},
    f"capacity_area t {PLACE} JOIN places_entity entity ON entity.id = place.entity_id {PRODUCT}",
    "place.ref, t.method, t.name",
)
SLOT_RULES = Query(
    {"place": "place.ref"} | _same("method", "minutes", "capacity", "lead_minutes"),
    f"capacity_rule t {PLACE}",
    "place.ref, t.method",
)
SLOT_PEAKS = Query(
    {"place": "place.ref", "method": "t.method", "weekday": "t.peak->>0"}
    | {"from_time": clock("(t.peak->>1)::int"), "to_time": clock("(t.peak->>2)::int")}
    | {"currency": "entity.currency", "fee": amount("(t.peak->>3)::bigint", "entity.currency")},
    "(SELECT place_id, method, jsonb_array_elements(peaks) AS peak FROM capacity_rule) t"
    f" {PLACE} JOIN places_entity entity ON entity.id = place.entity_id",
    "place.ref, t.method, t.peak",
)
GROUPS = Query(_same("ref", "name"), "sourcing_group t", "t.ref")
GROUP_PLACES = Query(
    {"in_group": "g.ref", "place": "place.ref"}, f"sourcing_member t {_GROUP} {PLACE}", "g.ref, place.ref"
)
CHANNELS = Query(
    {"channel": "t.channel", "from_group": "g.ref", "priority": "t.priority"},
    f"sourcing_channel t {_GROUP}",
    "t.channel, g.ref",
)
POLICIES = Query(
    _same("ref", "channel")
    | {"live": flag("t.live")}
    | _mills("visit", "line", "parcel", "parcel_km", "kg", "split")
    | _same("parcel_grams", "most_places")
    | _shares("keep_share", "waste_share")
    | _same("reach_km")
    | _shares("margin_share")
    | _same("fee_collect", "fee_point", "point_hours"),
    "sourcing_policy t",
    "t.ref",
)
LIMITS = Query(
    {"place": "place.ref", "per_hour": "t.per_hour"} | _mills("visit", "line"),
    f"sourcing_site t {PLACE}",
    "place.ref",
)
CLOSURES = Query(
    {"ref": "t.id", "place": "place.ref", "channel": "t.channel"}
    | {"starts_at": moment("t.starts_at"), "ends_at": moment("t.ends_at"), "reason": "t.reason"},
    f"sourcing_closure t {PLACE}",
    "t.id",
)
SERVING: dict[str, Query] = {
    "areas": AREAS,
    "slot_rules": SLOT_RULES,
    "slot_peaks": SLOT_PEAKS,
    "sourcing_groups": GROUPS,
    "sourcing_group_places": GROUP_PLACES,
    "sourcing_channels": CHANNELS,
    "sourcing_policies": POLICIES,
    "sourcing_limits": LIMITS,
    "sourcing_closures": CLOSURES,
}
