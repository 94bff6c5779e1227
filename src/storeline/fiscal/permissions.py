"""What may be done with receipts."""

from storeline.kernel.api import permission

VIEW = permission("fiscal.view", "See receipts", roles=("associate", "shop_manager", "finance", "service_desk"))
