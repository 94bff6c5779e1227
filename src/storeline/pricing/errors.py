"""Pricing's refusals.

Refused 409
├── PriceMissing          nobody set a price for this product here and now
└── TaxRateMissing        the place's tax regime has no rate for the product's class
Conflict 409
├── PromotionState        a promotion that has begun or ended is not changed, only ended
├── PromotionChanged      somebody else changed it since it was read
└── RefTaken              another promotion has this ref
Invalid 422
└── AgreedAmountsWrong    gross, discount and amount handed in do not fit together
"""

from storeline.kernel.api import Conflict, Invalid, Refused


class PriceMissing(Refused):
    code = "price_missing"
    title = "There is no price for this product here"


class TaxRateMissing(Refused):
    code = "tax_rate_missing"
    title = "There is no tax rate for this product here"


class PromotionState(Conflict):
    code = "promotion_state"
    title = "The promotion cannot be changed in this state"


class PromotionChanged(Conflict):
    code = "promotion_changed"
    title = "Somebody else has changed the promotion"


class RefTaken(Conflict):
    code = "ref_taken"
    title = "Another promotion has this reference"


class AgreedAmountsWrong(Invalid):
    code = "agreed_amounts_wrong"
    title = "The agreed amounts do not fit together"
