"""Who may see how trade goes."""

from storeline.kernel.api import permission

VIEW = permission(
    "insight.view", "See sales and other figures of a place", roles=("shop_manager", "planner", "marketer", "finance")
)
