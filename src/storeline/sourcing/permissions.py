"""What may be asked of sourcing, and who may set what it goes by."""

from storeline.kernel.api import permission

OPTIONS = permission(
    "sourcing.options",
    "See which places can serve a basket",
    roles=("guest", "shopper", "associate", "shop_manager", "planner", "marketer", "service_desk", "partner"),
)
PLANS = permission(
    "sourcing.plans",
    "See from where an order is served, and what that costs",
    roles=("associate", "shop_manager", "planner", "finance", "service_desk"),
)
CLOSE = permission(
    "sourcing.close", "Close a place to online orders, or cap them by the hour", roles=("shop_manager", "planner")
)
CONFIGURE = permission(
    "sourcing.configure", "Set from where channels sell, and what sourcing weighs", roles=("planner",)
)
