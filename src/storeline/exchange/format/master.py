"""What changes slowly: entities, places, products, prices, promotions, coupons, customers, stock."""

from storeline.exchange.format.columns import Column, File, Kind, name_column, own_ref, ref
from storeline.exchange.format.owned import OWNED
from storeline.exchange.format.people import PEOPLE

FORMATS = (
    "hypermarket",
    "supermarket",
    "convenience",
    "department_store",
    "pop_up",
    "fuel_station",
    "warehouse",
    "collection_point",
    "locker",
    "machine",
    "web",
)
CAPABILITIES = ("sell", "collect", "ship", "deliver", "service")
UNITS = ("each", "kg", "g", "lb", "oz", "l", "ml", "cl", "gal", "fl_oz", "m", "cm", "ft")
ALLERGENS = (
    "gluten",
    "crustaceans",
    "eggs",
    "fish",
    "peanuts",
    "soybeans",
    "milk",
    "nuts",
    "celery",
    "mustard",
    "sesame",
    "sulphites",
    "lupin",
    "molluscs",
)
TEMPERATURES = ("ambient", "fresh", "chilled", "frozen", "hot")
FUNDERS = ("retailer", "manufacturer", "partner")
PROMOTION_KINDS = ("percentage", "amount", "n_for_price", "fixed_price", "member_price")
PROMOTION_STATES = ("draft", "scheduled", "cancelled")
LISTS = "yes, unless there are such rows"
COUPON_KINDS = ("percentage", "amount", "fixed_price")

ENTITIES = File(
    "entities",
    "Legal entities. Each place belongs to one; books balance by entity and currency.",
    (
        own_ref(),
        Column("name", Kind.TEXT, "The registered name.", required=True),
        Column("country", Kind.COUNTRY, "Where it is registered.", required=True),
        Column("currency", Kind.CURRENCY, "The currency of its books.", required=True),
        Column("tax_regime", Kind.CODE, "Which rows of `tax_rates` apply, such as `uk-vat`.", required=True),
        Column(
            "tax_included",
            Kind.BOOL,
            "Whether its shelf prices contain the tax.",
            default="no in the US and Canada, else yes",
        ),
        Column("zone", Kind.ZONE, "Its head office's zone, for local times of rows without a place.", default="UTC"),
        Column("tax_number", Kind.TEXT, "Its tax registration number."),
        Column("gln", Kind.TEXT, "Its GS1 Global Location Number, check digit and all."),
        Column("receipt_series", Kind.TEXT, "What its own receipts' numbers begin with."),
    ),
    fixed=("currency",),
)

PLACES = File(
    "places",
    "Shops of every format, warehouses, collection points, lockers, machines, the web shop.",
    (
        own_ref(),
        ref("entity", "entities", "The legal entity that trades there.", required=True),
        name_column("What people call it."),
        Column("format", Kind.CODE, "The kind of place.", required=True, values=FORMATS),
        Column("zone", Kind.ZONE, "Its time zone; it decides the business date of what happens there.", required=True),
        Column("country", Kind.COUNTRY, "Where it stands.", default="the entity's"),
        Column("region", Kind.TEXT, "State, province or county."),
        Column("city", Kind.TEXT, "Town."),
        Column("postal_code", Kind.TEXT, "Postal code, as written."),
        Column("address", Kind.TEXT, "Street and number."),
        Column("latitude", Kind.DEGREES, "WGS 84, -90 to 90; given with `longitude` or not at all."),
        Column("longitude", Kind.DEGREES, "WGS 84, -180 to 180."),
        Column("gln", Kind.TEXT, "Its GS1 Global Location Number."),
        Column("phone", Kind.TEXT, "E.164, such as +81312345678."),
        Column("price_zone", Kind.CODE, "Places with the same zone code share zone prices."),
        Column("tax_region", Kind.CODE, "Which region's rows of `tax_rates` apply first."),
        Column(
            "capabilities", Kind.LIST, "What it can do; a shop needs `sell`.", values=CAPABILITIES, default="nothing"
        ),
        Column("opens_on", Kind.DATE, "First day of trade (pop-ups have both)."),
        Column("closes_on", Kind.DATE, "Last day of trade."),
        Column(
            "keeps",
            Kind.LIST,
            "The temperature classes that goods can wait there in until they are handed over.",
            values=TEMPERATURES,
            default="ambient for collection points, lockers, machines and pop-ups, all for other formats",
        ),
    ),
    fixed=("entity", "zone"),
)

PLACE_HOURS = File(
    "place_hours",
    "Opening hours. A place without rows is open whenever asked.",
    (
        ref("place", "places", key=True, required=True),
        Column(
            "day", Kind.CODE, "1 (Monday) to 7 (Sunday), or a date that overrides its weekday.", required=True, key=True
        ),
        Column("opens", Kind.HOUR, "HH:MM local time; empty with `closes` = closed that day.", key=True),
        Column("closes", Kind.HOUR, "HH:MM, up to 30:00 for after midnight."),
    ),
)

CATEGORIES = File(
    "categories",
    "The category tree.",
    (
        own_ref(),
        name_column("Its name."),
        ref("parent", "categories", "The category above; empty for a top one. No cycles."),
        Column("position", Kind.INTEGER, "Order among its siblings."),
    ),
)

PRODUCTS = File(
    "products",
    "Everything that can be a line: goods, deposits, services, fees.",
    (
        own_ref("The retailer's own article number. Text: leading zeros are kept."),
        name_column("The name in the retailer's main language."),
        Column("description", Kind.LONG, "A longer text.", languages=True),
        ref("category", "categories"),
        Column("brand", Kind.TEXT, "Brand."),
        Column("manufacturer", Kind.TEXT, "Manufacturer."),
        Column("unit", Kind.CODE, "What a quantity counts.", values=UNITS, default="each"),
        Column("by_weight", Kind.BOOL, "Measured out: quantities are not whole. Not with `each`.", default="no"),
        Column(
            "catch_weight", Kind.BOOL, "Each piece is weighed and priced by that. Only with `by_weight`.", default="no"
        ),
        Column("temperature", Kind.CODE, "How it is kept.", values=TEMPERATURES, default="ambient"),
        Column("shelf_life_days", Kind.INTEGER, "Days from receipt to the last day of sale."),
        Column("allergens", Kind.LIST, "Of the fourteen of Regulation (EU) 1169/2011.", values=ALLERGENS),
        Column("gtins", Kind.LIST, "GTIN-8, -12, -13 or -14, check digit and all; no GTIN belongs to two products."),
        Column("tax_class", Kind.CODE, "Which rows of `tax_rates` apply.", default="standard"),
        ref("deposit_product", "products", "The deposit sold along with it."),
        Column("content_quantity", Kind.QUANTITY, "How much one unit holds, for the price per kg or litre."),
        Column("content_unit", Kind.CODE, "The unit of `content_quantity`.", values=UNITS),
        Column("pictures", Kind.LIST, "Addresses (https, http, or a path), each with the credit after a space."),
        Column("service", Kind.BOOL, "Yes where no stock is kept of it: services, fees, gift cards.", default="no"),
        Column("till_only", Kind.BOOL, "Yes where it may not be sold online, such as fuel.", default="no"),
        Column("age_limit", Kind.INTEGER, "The buyer's least age in years."),
        Column("status", Kind.CODE, "Whether it is still sold.", values=("active", "ended"), default="active"),
    ),
    fixed=("unit",),
)

LISTINGS = File(
    "listings",
    "Which place sells which product. A place without rows sells everything.",
    (
        ref("place", "places", key=True, required=True),
        ref("product", "products", key=True, required=True),
        Column("starts_on", Kind.DATE, "First day."),
        Column("ends_on", Kind.DATE, "Last day."),
    ),
)

TAX_RATES = File(
    "tax_rates",
    "Tax rates by regime, class and region. The row of the place's own `tax_region` goes before the one without.",
    (
        Column("regime", Kind.CODE, "As in `entities.tax_regime`.", required=True, key=True),
        Column("tax_class", Kind.CODE, "As in `products.tax_class`.", required=True, key=True),
        Column("region", Kind.CODE, "As in `places.tax_region`; empty = all.", key=True),
        Column("valid_from", Kind.DATE, "First day that it applies.", required=True, key=True),
        Column("rate", Kind.PERCENT, "Such as `8.875`, at most four decimals.", required=True),
        Column("included", Kind.BOOL, "Whether shelf prices under this regime contain the tax.", default="no"),
    ),
)

PRICES = File(
    "prices",
    "Shelf prices. For a line the most specific row counts: place before zone before all, then the channel's own,"
    " then the latest `valid_from`. Where the buyer is a member, member rows count too.",
    (
        ref("product", "products", key=True, required=True),
        ref("place", "places", "Only there; empty = everywhere.", key=True),
        Column("zone", Kind.CODE, "Only in places of this `price_zone`. Not together with `place`.", key=True),
        Column("channel", Kind.CODE, "Only in this channel; empty = all.", key=True),
        Column("member", Kind.BOOL, "Whether only members pay it.", key=True, default="no"),
        Column("currency", Kind.CURRENCY, "The currency of `amount`.", required=True, key=True),
        Column("valid_from", Kind.MOMENT, "From this moment on.", required=True, key=True),
        Column("valid_to", Kind.MOMENT, "Until just before this moment; empty = until further notice."),
        Column("amount", Kind.UNIT_PRICE, "The price of `per` units.", required=True),
        Column("per", Kind.QUANTITY, "How many units `amount` buys.", default="1"),
    ),
)

COSTS = File(
    "costs",
    "What products cost the retailer, without tax: margins are shown for what is sold from `valid_from` on. A later row"
    " takes the place of an earlier one.",
    (
        ref("product", "products", key=True, required=True),
        ref("entity", "entities", key=True, required=True),
        Column("currency", Kind.CURRENCY, "The currency of `amount`.", required=True, key=True),
        Column("valid_from", Kind.DATE, "From this business day on.", required=True, key=True),
        Column("amount", Kind.UNIT_PRICE, "The cost of `per` units.", required=True),
        Column("per", Kind.QUANTITY, "How many units `amount` buys.", default="1"),
    ),
)

PROMOTIONS = File(
    "promotions",
    "Promotions. What they apply to is in `promotion_items`, where in `promotion_places`.",
    (
        own_ref(),
        name_column("What the shopper reads."),
        Column("kind", Kind.CODE, "How it reckons.", required=True, values=PROMOTION_KINDS),
        Column("value", Kind.VALUE, "Percent off, amount off, or price: by `kind`. An item's own value goes first."),
        Column("per", Kind.QUANTITY, "How many units a price in `value` buys.", default="1"),
        Column("n", Kind.INTEGER, "For `n_for_price`: how many units the price buys."),
        Column("currency", Kind.CURRENCY, "Of `value`, unless it is a percentage."),
        Column("members_only", Kind.BOOL, "Always yes for `member_price`.", default="no"),
        Column("channels", Kind.LIST, "Only in these channels; empty = all."),
        Column("weekdays", Kind.LIST, "Only on these days, 1 (Monday) to 7; empty = all.", values=tuple("1234567")),
        Column("from_time", Kind.HOUR, "Each day from this local time on."),
        Column("to_time", Kind.HOUR, "Until just before this one, up to 24:00; before `from_time` = past midnight."),
        Column("starts_at", Kind.MOMENT, "From this moment on.", required=True),
        Column("ends_at", Kind.MOMENT, "Until just before this moment; empty = until further notice."),
        Column("funder", Kind.CODE, "Who pays for it.", values=FUNDERS, default="retailer"),
        Column("priority", Kind.INTEGER, "Among several that could apply the highest goes first.", default="0"),
        Column("stackable", Kind.BOOL, "Whether it may come on top of another.", default="no"),
        Column("exclusive", Kind.BOOL, "Whether it forbids all others on its lines.", default="no"),
        Column("max_uses", Kind.INTEGER, "How many times in one basket."),
        Column("status", Kind.CODE, "Whether anybody gets it.", values=PROMOTION_STATES, default="scheduled"),
        Column("everything", Kind.BOOL, "No = only what `promotion_items` lists, be it nothing.", default=LISTS),
        Column("everywhere", Kind.BOOL, "No = only where `promotion_places` says, be it nowhere.", default=LISTS),
    ),
)

PROMOTION_ITEMS = File(
    "promotion_items",
    "What a promotion applies to. Without rows it applies to everything.",
    (
        ref("promotion", "promotions", key=True, required=True),
        ref("product", "products", "Either a product", key=True),
        ref("category", "categories", "or a category with all below it.", key=True),
        ref("place", "places", "Only there; empty = wherever the promotion runs.", key=True),
        Column("value", Kind.VALUE, "This item's own percent, amount or price."),
        Column("per", Kind.QUANTITY, "How many units a price in `value` buys.", default="1"),
    ),
)

PROMOTION_PLACES = File(
    "promotion_places",
    "Where a promotion runs. Without rows it runs everywhere.",
    (ref("promotion", "promotions", key=True, required=True), ref("place", "places", key=True, required=True)),
)

COUPONS = File(
    "coupons",
    "Coupons that a shopper hands in.",
    (
        own_ref("The coupon's code, as the shopper gives it."),
        name_column("What the shopper reads."),
        Column("kind", Kind.CODE, "How it reckons.", required=True, values=COUPON_KINDS),
        Column("value", Kind.VALUE, "Percent off, amount off, or price. Empty = not known (history only)."),
        Column("per", Kind.QUANTITY, "How many units a price in `value` buys.", default="1"),
        Column("currency", Kind.CURRENCY, "Of `value`, unless it is a percentage."),
        Column("funder", Kind.CODE, "Who pays for it.", values=FUNDERS, default="retailer"),
        Column("valid_from", Kind.MOMENT, "From this moment on.", required=True),
        Column("valid_to", Kind.MOMENT, "Until just before this moment."),
        Column("min_spend", Kind.VALUE, "The least that its goods must come to, in `currency`."),
        Column("max_uses", Kind.INTEGER, "By everybody together; empty = no limit."),
        Column("max_uses_per_customer", Kind.INTEGER, "By each customer; empty = no limit."),
        Column("stackable", Kind.BOOL, "Whether it may come on top of another.", default="yes"),
        Column("everything", Kind.BOOL, "No = only what `coupon_products` lists, be it nothing.", default=LISTS),
    ),
)

COUPON_PRODUCTS = File(
    "coupon_products",
    "Which products a coupon is for. Without rows it is for the whole basket.",
    (
        ref("coupon", "coupons", key=True, required=True),
        ref("product", "products", "Either a product", key=True),
        ref("category", "categories", "or a category with all below it.", key=True),
    ),
)

STOCK = File(
    "stock",
    "Opening stock, counted at a moment, of which no place has two of a product. Orders and returns from that moment on"
    " move it; earlier ones are in the count already. Where a place has no row for a product, imported orders and returns"
    " leave its stock alone; with a row that comes later they move it as if it had been there before them.",
    (
        ref("place", "places", key=True, required=True),
        ref("product", "products", key=True, required=True),
        Column("as_of", Kind.MOMENT, "When it was counted.", required=True),
        Column("quantity", Kind.SIGNED_QUANTITY, "How many were there; negative as books may be.", required=True),
        Column("lot", Kind.TEXT, "The lot, where it is known."),
    ),
    immutable=True,
)

STOCK_POLICIES = File(
    "stock_policies",
    "How much of a product is kept back from online channels: from all of them (safety stock), or from one (a buffer).",
    (
        ref("place", "places", "Where; empty = everywhere. A place's own row wins.", key=True),
        ref("product", "products", key=True, required=True),
        Column("channel", Kind.CODE, "Kept back from this channel; empty = from every channel online.", key=True),
        Column("quantity", Kind.QUANTITY, "How many.", required=True),
    ),
)

MASTER: tuple[File, ...] = (
    ENTITIES,
    PLACES,
    PLACE_HOURS,
    CATEGORIES,
    PRODUCTS,
    LISTINGS,
    TAX_RATES,
    PRICES,
    COSTS,
    PROMOTIONS,
    PROMOTION_ITEMS,
    PROMOTION_PLACES,
    COUPONS,
    COUPON_PRODUCTS,
    *PEOPLE,
    STOCK,
    STOCK_POLICIES,
    *OWNED,
)
