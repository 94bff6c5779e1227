"""What may be done after the sale."""

from storeline.kernel.api import permission

ASK = permission("aftersales.ask", "Ask to bring back goods of an order of one's own", roles=("guest", "shopper"))
RETURN = permission(
    "aftersales.return", "Take goods back against their sale", roles=("associate", "shop_manager", "service_desk")
)
WITHOUT_RECEIPT = permission(
    "aftersales.return_without_receipt",
    "Take goods back without their sale",
    roles=("associate", "shop_manager", "service_desk"),
)
OTHER_TENDER = permission(
    "aftersales.refund_other_tender",
    "Give money back by another tender than it came by",
    roles=("shop_manager", "service_desk"),
)
VIEW = permission(
    "aftersales.view", "See returns", roles=("associate", "shop_manager", "finance", "service_desk", "planner")
)
RECORD = permission("aftersales.record", "Import returns of the past")
