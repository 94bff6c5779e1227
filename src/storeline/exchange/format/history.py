"""What happened: orders with all that belongs to them, returns, coupon redemptions. Never changed once taken in."""

from storeline.exchange.format.columns import Column, File, Kind, own_ref, ref
from storeline.exchange.format.master import FUNDERS

DISCOUNT_KINDS = (
    "member_price",
    "promotion",
    "coupon",
    "coupon_match",
    "basket",
    "markdown",
    "staff",
    "manual",
    "substitution",
)
METHODS = ("carry_out", "collect", "deliver", "ship")
STATUSES = ("completed", "cancelled")

ORDERS = File(
    "orders",
    "One row per sale, at a till or online. Its legal entity is its place's.",
    (
        own_ref("The sale's number. Unique over all places: put the till's or shop's code in front where it is not."),
        ref("place", "places", "The place that sold it.", required=True),
        ref("served_by", "places", "The place that the goods left, where it is another one."),
        Column("channel", Kind.CODE, "`store`, `online`, or the retailer's own word.", default="store"),
        Column("till", Kind.CODE, "The till, where one sold it."),
        Column("method", Kind.CODE, "How the goods reached the shopper.", values=METHODS, default="carry_out"),
        ref("customer", "customers"),
        Column("ordered_at", Kind.MOMENT, "When it was sold.", required=True),
        Column("completed_at", Kind.MOMENT, "When the goods were handed over.", default="`ordered_at`"),
        Column("currency", Kind.CURRENCY, "Of all amounts in the order.", required=True),
        Column("status", Kind.CODE, "A cancelled order counts in no total.", values=STATUSES, default="completed"),
        Column("reason", Kind.TEXT, "Why it was cancelled."),
        Column("tax_included", Kind.BOOL, "Whether line amounts contain the tax.", default="the entity's"),
        Column("total", Kind.AMOUNT, "Control: must equal what the equation gives."),
    ),
    parent="orders",
    immutable=True,
)

ORDER_LINES = File(
    "order_lines",
    "What was sold.",
    (
        ref("order", "orders", key=True, required=True),
        Column("line", Kind.INTEGER, "1 or more, once per order.", required=True, key=True),
        ref("product", "products", required=True),
        Column("quantity", Kind.QUANTITY, "In the product's unit, 0 or more.", required=True),
        Column("amount", Kind.AMOUNT, "What the retailer receives for the line.", required=True),
        Column("gross", Kind.AMOUNT, "At the shelf price.", default="amount + discounts"),
        Column("tax", Kind.AMOUNT, "The line's tax.", default="0"),
        Column("tax_rate", Kind.RATE, "The rate that it was reckoned with."),
    ),
    parent="orders",
    immutable=True,
)

LINE_DISCOUNTS = File(
    "line_discounts",
    "Each discount on a line, and who pays for it. A discount on a whole basket is spread over its lines.",
    (
        ref("order", "orders", key=True, required=True),
        Column("line", Kind.INTEGER, "The line that it lowers.", required=True, key=True),
        Column("seq", Kind.INTEGER, "1 or more, once per line.", required=True, key=True),
        Column("kind", Kind.CODE, "What it was.", required=True, values=DISCOUNT_KINDS),
        Column("funder", Kind.CODE, "Who pays for it.", values=FUNDERS, default="retailer"),
        Column("amount", Kind.AMOUNT, "More than 0.", required=True),
        ref("promotion", "promotions"),
        ref("coupon", "coupons"),
        Column("label", Kind.TEXT, "What the receipt said."),
    ),
    parent="orders",
    immutable=True,
)

PAYMENTS = File(
    "payments",
    "What was handed over for an order, by tender. Change is not a row: amounts are net of it.",
    (
        ref("order", "orders", key=True, required=True),
        Column("seq", Kind.INTEGER, "1 or more, once per order.", required=True, key=True),
        Column(
            "tender", Kind.CODE, "`cash`, `card`, `rounding`, `exchange`, or the retailer's own word.", required=True
        ),
        Column("amount", Kind.SIGNED, "In the order's currency; negative = handed to the shopper.", required=True),
        Column("currency", Kind.CURRENCY, "Control: must be the order's."),
        Column("reference", Kind.TEXT, "The acquirer's or wallet's reference. Never a card number."),
    ),
    parent="orders",
    immutable=True,
)

RECEIPTS = File(
    "receipts",
    "Receipt numbers as they were printed, one for an order. Text, outside Storeline's own gapless series.",
    (
        ref("order", "orders", key=True, required=True),
        Column("series", Kind.TEXT, "The till's or shop's series."),
        Column("number", Kind.TEXT, "The number, as printed.", required=True),
        Column("issued_at", Kind.MOMENT, "When.", default="the order's"),
    ),
    parent="orders",
    immutable=True,
)

COUPON_REDEMPTIONS = File(
    "coupon_redemptions",
    "Coupons that were handed in.",
    (
        own_ref("The redemption's own number."),
        ref("coupon", "coupons", required=True),
        ref("customer", "customers"),
        ref("order", "orders", "The order, where it is known."),
        Column("redeemed_at", Kind.MOMENT, "When.", required=True),
        Column("amount", Kind.AMOUNT, "What it took off, where that is known."),
        Column("currency", Kind.CURRENCY, "Of `amount`; two decimals are assumed without it."),
    ),
    immutable=True,
)

RETURNS = File(
    "returns",
    "One row per return, with or without its original sale.",
    (
        own_ref("The return's number."),
        ref("order", "orders", "The original sale; empty where it is not known."),
        Column("original_reference", Kind.TEXT, "What the receipt said, for a sale that is not here."),
        ref("place", "places", "The place that took the goods back.", required=True),
        Column("channel", Kind.CODE, "As in `orders`.", default="store"),
        ref("customer", "customers"),
        Column("returned_at", Kind.MOMENT, "When.", required=True),
        Column(
            "currency", Kind.CURRENCY, "Of all amounts in the return; the order's, where there is one.", required=True
        ),
        Column("tax_included", Kind.BOOL, "Whether line amounts contain the tax.", default="the order's or entity's"),
        Column("reason", Kind.TEXT, "Why."),
        Column("total", Kind.AMOUNT, "Control: must equal what the equation gives."),
    ),
    parent="returns",
    immutable=True,
)

RETURN_LINES = File(
    "return_lines",
    "What came back. All quantities and amounts are positive.",
    (
        ref("return", "returns", key=True, required=True),
        Column("line", Kind.INTEGER, "1 or more, once per return.", required=True, key=True),
        Column("order_line", Kind.INTEGER, "The line of the original sale. Required where the return names an order."),
        ref("product", "products", required=True),
        Column("quantity", Kind.QUANTITY, "In the product's unit, 0 or more.", required=True),
        Column("amount", Kind.AMOUNT, "The part of the sold line's `amount` that is given back.", required=True),
        Column(
            "funded", Kind.AMOUNT, "The part of it that somebody else had paid, so that is not refunded.", default="0"
        ),
        Column("tax", Kind.AMOUNT, "The part of the sold line's tax.", default="0"),
        Column("tax_rate", Kind.RATE, "The rate that it was reckoned with."),
        Column("restock", Kind.BOOL, "Whether it went back on sale.", default="yes"),
        Column("reason", Kind.TEXT, "Why this line came back."),
    ),
    parent="returns",
    immutable=True,
)

REFUNDS = File(
    "refunds",
    "What was handed back for a return, by tender.",
    (
        ref("return", "returns", key=True, required=True),
        Column("seq", Kind.INTEGER, "1 or more, once per return.", required=True, key=True),
        Column("tender", Kind.CODE, "As in `payments`.", required=True),
        Column("amount", Kind.SIGNED, "In the return's currency.", required=True),
        Column("currency", Kind.CURRENCY, "Control: must be the return's."),
        Column("reference", Kind.TEXT, "As in `payments`."),
    ),
    parent="returns",
    immutable=True,
)

RETURN_RECEIPTS = File(
    "return_receipts",
    "Receipt numbers of returns, one for a return, as in `receipts`.",
    (
        ref("return", "returns", key=True, required=True),
        Column("series", Kind.TEXT, "The till's or shop's series."),
        Column("number", Kind.TEXT, "The number, as printed.", required=True),
        Column("issued_at", Kind.MOMENT, "When.", default="the return's"),
    ),
    parent="returns",
    immutable=True,
)

HISTORY: tuple[File, ...] = (
    ORDERS,
    ORDER_LINES,
    LINE_DISCOUNTS,
    PAYMENTS,
    RECEIPTS,
    COUPON_REDEMPTIONS,
    RETURNS,
    RETURN_LINES,
    REFUNDS,
    RETURN_RECEIPTS,
)
