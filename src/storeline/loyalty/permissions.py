"""What may be done with coupons."""

from storeline.kernel.api import permission

READ = permission(
    "loyalty.read",
    "See coupons and where they were used",
    roles=("associate", "shop_manager", "planner", "marketer", "finance", "service_desk"),
)
WRITE = permission("loyalty.write", "Make and change coupons", roles=("marketer",))
