"""What may be done with stock."""

from storeline.kernel.api import permission

READ = permission(
    "stock.read",
    "See exact stock",
    roles=("associate", "shop_manager", "planner", "service_desk", "finance", "partner"),
)
BROWSE = permission(
    "stock.browse",
    "See whether something is in stock",
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
HOLD = permission(
    "stock.hold", "Reserve stock directly", roles=("associate", "shop_manager", "service_desk", "partner")
)
SHELF = permission(
    "stock.hold_shelf",
    "Reserve down to the last unit on the shelf",
    roles=("associate", "shop_manager", "service_desk"),
)
RELEASE = permission("stock.release", "Free what others reserved directly", roles=("shop_manager", "service_desk"))
RECEIVE = permission("stock.receive", "Receive goods", roles=("associate", "shop_manager"))
COUNT = permission("stock.count", "Count stock", roles=("associate", "shop_manager", "planner"))
ADJUST = permission("stock.adjust", "Correct stock with a reason", roles=("shop_manager", "planner"))
WASTE = permission("stock.waste", "Write off what cannot be sold", roles=("associate", "shop_manager", "planner"))
TRANSFER = permission("stock.transfer", "Send goods to another place", roles=("associate", "shop_manager", "planner"))
POLICY = permission("stock.policy", "Set safety stock and channel buffers", roles=("planner",))
RECALL = permission("stock.recall", "Find where a lot went", roles=("planner", "service_desk"))
START_RECALL = permission("stock.recall_start", "Recall a lot, and end a recall", roles=("planner",))
OWN = permission("stock.own", "Say whose goods a product at a place are", roles=("planner",))
