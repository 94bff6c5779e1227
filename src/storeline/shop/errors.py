"""What the shop refuses.

NotFound 404
└── NotHot             buyers of this product do not wait in line
"""

from storeline.kernel.api import NotFound


class NotHot(NotFound):
    code = "not_hot"
    title = "Nobody waits in line for this product"
