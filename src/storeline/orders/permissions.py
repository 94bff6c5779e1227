"""What may be done with orders."""

from storeline.kernel.api import permission

QUOTE = permission(
    "orders.quote", "Price a basket", roles=("guest", "shopper", "associate", "shop_manager", "service_desk", "partner")
)
PLACE = permission(
    "orders.place",
    "Place an order",
    roles=("guest", "shopper", "associate", "shop_manager", "service_desk", "partner"),
)
SELL = permission(
    "orders.sell",
    "Record a sale at the amounts agreed with the shopper",
    roles=("associate", "shop_manager", "partner"),
)
OWN = permission("orders.own", "Follow and call off an order of one's own", roles=("guest", "shopper"))
VIEW = permission(
    "orders.view", "See any order of a place", roles=("associate", "shop_manager", "finance", "service_desk", "planner")
)
CANCEL = permission("orders.cancel", "Cancel an order", roles=("shop_manager", "service_desk"))
AMEND = permission("orders.amend", "Take what was not found off an order", roles=("associate", "shop_manager"))
COMPLETE = permission("orders.complete", "Complete an order by handing it over", roles=("associate", "shop_manager"))
RECORD = permission("orders.record", "Import orders of the past")
