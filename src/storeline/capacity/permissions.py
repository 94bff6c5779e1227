"""What may be done with slots."""

from storeline.kernel.api import permission

BROWSE = permission(
    "capacity.browse",
    "See which slots are open",
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
PLAN = permission("capacity.plan", "Set how many orders a place can hand over", roles=("shop_manager", "planner"))
