"""Who may see how trade goes."""

from storeline.kernel.api import permission

COST = permission("insight.cost", "Say what products cost", roles=("planner", "finance"))
VIEW = permission(
    "insight.view", "See sales and other figures of a place", roles=("shop_manager", "planner", "marketer", "finance")
)
