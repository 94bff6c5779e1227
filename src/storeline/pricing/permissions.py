"""What may be done with prices and promotions."""

from storeline.kernel.api import permission

READ = permission(
    "pricing.read",
    "See prices and running promotions",
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
WRITE = permission("pricing.write", "Change prices and tax rates", roles=("planner",))
PROMOTE = permission("pricing.promote", "Prepare, schedule and end promotions", roles=("planner", "marketer"))
VIEW = permission(
    "pricing.view_promotions",
    "See every promotion, drafts too",
    roles=("shop_manager", "planner", "marketer", "finance", "service_desk"),
)
