"""What may be done with orders that wait for their shopper."""

from storeline.kernel.api import permission

FOLLOW = permission(
    "fulfilment.follow",
    "See how one's own order is getting on, and its collection code",
    roles=("guest", "shopper"),
)
VIEW = permission(
    "fulfilment.view", "See what is to be picked and handed over", roles=("associate", "shop_manager", "service_desk")
)
PICK = permission("fulfilment.pick", "Pick orders and say that they are ready", roles=("associate", "shop_manager"))
HAND_OVER = permission("fulfilment.hand_over", "Hand orders over", roles=("associate", "shop_manager"))
DISPATCH = permission(
    "fulfilment.dispatch", "Load vans, send them out and say what came of it", roles=("associate", "shop_manager")
)
ANNOUNCE = permission("fulfilment.announce", "Announce parcels to be collected at a place", roles=("partner",))
CANCEL = permission("fulfilment.cancel", "Cancel an order that is being picked", roles=("shop_manager", "service_desk"))
RENEW = permission("fulfilment.renew", "Give a shopper another collection code", roles=("shop_manager", "service_desk"))
