"""Loyalty's refusals.

NotFound 404
└── CouponUnknown          no coupon has this code
Refused 409
├── CouponNotValid         not yet, no longer, or without a value to give
├── CouponUsedUp           everybody's uses together have reached the limit
├── CouponMemberLimit      this member's have
├── CouponNeedsMember      only for members that are known
├── CouponNotForBasket     nothing in the basket that it takes anything off, or too little
├── CouponsDoNotCombine    one of them only goes alone
└── CouponUsed             what it is worth and for what stays, once it was used
Conflict 409
├── CouponChanged          somebody else changed it since it was read
└── CouponCodeTaken        another coupon has this code
"""

from storeline.kernel.api import Conflict, NotFound, Refused


class CouponUnknown(NotFound):
    code = "coupon_unknown"
    title = "There is no such coupon"


class CouponNotValid(Refused):
    code = "coupon_not_valid"
    title = "The coupon is not valid now"


class CouponUsedUp(Refused):
    code = "coupon_used_up"
    title = "The coupon is used up"


class CouponMemberLimit(Refused):
    code = "coupon_member_limit"
    title = "The member has used this coupon as often as allowed"


class CouponNeedsMember(Refused):
    code = "coupon_needs_member"
    title = "The coupon is for known members"


class CouponNotForBasket(Refused):
    code = "coupon_not_for_basket"
    title = "The coupon does not fit this basket"


class CouponsDoNotCombine(Refused):
    code = "coupons_do_not_combine"
    title = "These coupons do not go together"


class CouponUsed(Refused):
    code = "coupon_used"
    title = "What the coupon gives stays as it is"


class CouponChanged(Conflict):
    code = "coupon_changed"
    title = "Somebody else has changed the coupon"


class CouponCodeTaken(Conflict):
    code = "coupon_code_taken"
    title = "Another coupon has this code"
