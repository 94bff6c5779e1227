"""What may be done with payments."""

from storeline.kernel.api import permission

VIEW = permission("payments.view", "See payments", roles=("finance", "service_desk", "shop_manager"))
REFUND = permission(
    "payments.refund", "Pay out another way what a partner would not give back", roles=("finance", "service_desk")
)
RESOLVE = permission("payments.resolve", "Ask partners again about unknown payments", roles=("finance",))
