"""What may be asked of sourcing."""

from storeline.kernel.api import permission

OPTIONS = permission(
    "sourcing.options",
    "See which places can serve a basket",
    roles=("guest", "shopper", "associate", "shop_manager", "planner", "marketer", "service_desk", "partner"),
)
