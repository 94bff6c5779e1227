"""What may be done with payments."""

from storeline.kernel.api import permission

VIEW = permission("payments.view", "See payments", roles=("finance", "service_desk", "shop_manager"))
CAPTURE = permission("payments.capture", "Capture or void a payment", roles=("finance", "service_desk"))
REFUND = permission("payments.refund", "Refund a payment", roles=("finance", "service_desk"))
RESOLVE = permission("payments.resolve", "Ask partners again about unknown payments", roles=("finance",))
