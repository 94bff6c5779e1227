"""What may be done with the catalogue."""

from storeline.kernel.api import permission

READ = permission(
    "catalog.read",
    "See and search products and categories",
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
WRITE = permission("catalog.write", "Change products, categories and listings", roles=("planner", "marketer"))
