"""Coupons: everything that other modules may use."""

from storeline.loyalty.commands import Redemption, put_coupons, redeem, release
from storeline.loyalty.domain import UNLIMITED, Coupon, Coupons, CouponUse, decide, member_row
from storeline.loyalty.errors import (
    CouponMemberLimit,
    CouponNeedsMember,
    CouponNotForBasket,
    CouponNotValid,
    CouponsDoNotCombine,
    CouponUnknown,
    CouponUsedUp,
)
from storeline.loyalty.loading import (
    COUPON_PRODUCTS_IN,
    COUPON_REDEMPTIONS_IN,
    COUPONS_IN,
    load_coupon_products,
    load_coupon_redemptions,
    load_coupons,
)
from storeline.loyalty.locks import gather
from storeline.loyalty.permissions import READ, WRITE
from storeline.loyalty.queries import (
    CouponView,
    RedemptionView,
    get_coupon,
    list_coupons,
    list_redemptions,
)

__all__ = [
    "COUPONS_IN",
    "COUPON_PRODUCTS_IN",
    "COUPON_REDEMPTIONS_IN",
    "READ",
    "UNLIMITED",
    "WRITE",
    "Coupon",
    "CouponMemberLimit",
    "CouponNeedsMember",
    "CouponNotForBasket",
    "CouponNotValid",
    "CouponUnknown",
    "CouponUse",
    "CouponUsedUp",
    "CouponView",
    "Coupons",
    "CouponsDoNotCombine",
    "Redemption",
    "RedemptionView",
    "decide",
    "gather",
    "get_coupon",
    "list_coupons",
    "list_redemptions",
    "load_coupon_products",
    "load_coupon_redemptions",
    "load_coupons",
    "member_row",
    "put_coupons",
    "redeem",
    "release",
]
