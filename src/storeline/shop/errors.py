"""What the shop refuses.

NotFound 404
└── NotHot             buyers of this product do not wait in line
Refused 409
└── OtherFee           the time that was chosen costs more or less to bring than what was shown
"""

from storeline.kernel.api import NotFound, Refused


class NotHot(NotFound):
    code = "not_hot"
    title = "Nobody waits in line for this product"


class OtherFee(Refused):
    code = "other_fee"
    title = "That time has another fee"
