"""What may be done with places."""

from storeline.kernel.api import permission

READ = permission(
    "places.read",
    "See places and their opening hours",
    roles=(
        "guest",
        "shopper",
        "associate",
        "shop_manager",
        "planner",
        "marketer",
        "finance",
        "service_desk",
        "partner",
    ),
)
WRITE = permission("places.write", "Change legal entities, places and opening hours", roles=("planner",))
