"""From where online orders are served and where goods are brought: areas, groups, channels, policies, limits, closures."""

from storeline.exchange.format.columns import Column, File, Kind, own_ref, ref

AREAS = File(
    "areas",
    "Where places bring goods, by their own vans or by parcel, and for how much. An address lies in an area by its postal"
    " code or its distance from the place, anywhere in the country where neither is told; the cheapest area serves it.",
    (
        ref("place", "places", key=True, required=True),
        Column("method", Kind.CODE, "How.", required=True, key=True, values=("deliver", "ship")),
        Column("name", Kind.TEXT, "What people call it, once for each place and method.", required=True, key=True),
        Column("country", Kind.COUNTRY, "Addresses of this country.", default="the place's"),
        Column("postal_codes", Kind.LIST, "Beginnings of postal codes; letters and digits alone count."),
        Column("radius_km", Kind.DECIMAL, "Or so far from the place, at most 500."),
        Column("currency", Kind.CURRENCY, "Of `fee` and `free_from`: the place's.", required=True),
        Column("fee", Kind.AMOUNT, "What bringing costs.", required=True),
        Column("free_from", Kind.AMOUNT, "From so much worth of goods on it costs nothing; empty = never."),
        Column("days", Kind.INTEGER, "How long a parcel takes.", default="0"),
        ref("product", "products", "The service that the fee is sold as.", required=True),
    ),
)

SLOT_RULES = File(
    "slot_rules",
    "How the slots of a place are made: each opening is cut into slots. A place without a row has the defaults. Slots that are"
    " made already stay until they are made anew, each day for the week ahead.",
    (
        ref("place", "places", key=True, required=True),
        Column("method", Kind.CODE, "What they are for.", required=True, key=True, values=("collect", "deliver")),
        Column("minutes", Kind.INTEGER, "How long a slot is, 15 to 1440.", default="60"),
        Column("capacity", Kind.INTEGER, "How many orders a slot takes.", default="12"),
        Column("lead_minutes", Kind.INTEGER, "Until how long before its begin it can be booked.", default="120"),
    ),
)

SLOT_PEAKS = File(
    "slot_peaks",
    "Hours that cost more. The rows of a place and method replace those that are there.",
    (
        ref("place", "places", key=True, required=True),
        Column(
            "method",
            Kind.CODE,
            "As in its row of `slot_rules`.",
            required=True,
            key=True,
            values=("collect", "deliver"),
        ),
        Column("weekday", Kind.INTEGER, "1 (Monday) to 7.", required=True, key=True),
        Column("from_time", Kind.HOUR, "Slots that begin from this local time on,", required=True, key=True),
        Column("to_time", Kind.HOUR, "until just before this one, up to 24:00.", required=True, key=True),
        Column("currency", Kind.CURRENCY, "Of `fee`: the place's.", required=True),
        Column("fee", Kind.AMOUNT, "What such a slot costs more.", required=True),
    ),
)

SOURCING_GROUPS = File(
    "sourcing_groups",
    "Groups of places that a channel may sell from.",
    (own_ref(), Column("name", Kind.TEXT, "What people call it.", required=True)),
)

SOURCING_GROUP_PLACES = File(
    "sourcing_group_places",
    "Which places are in which group.",
    (
        ref("in_group", "sourcing_groups", key=True, required=True),
        ref("place", "places", key=True, required=True),
    ),
)

SOURCING_CHANNELS = File(
    "sourcing_channels",
    "From which groups a channel sells. A channel without rows sells from every place.",
    (
        Column("channel", Kind.CODE, "The channel, such as `online`.", required=True, key=True),
        ref("from_group", "sourcing_groups", key=True, required=True),
        Column("priority", Kind.INTEGER, "0 to 99; higher ones only where lower ones cannot serve.", default="0"),
    ),
)

_MINOR = "in minor units, three decimals at most"
SOURCING_POLICIES = File(
    "sourcing_policies",
    "How sourcing weighs one way of serving an order against another, and what receiving costs. The costs are weighed and"
    " charged to nobody.",
    (
        own_ref(),
        Column("channel", Kind.CODE, "Orders of this channel; empty = of all that have no live policy of their own."),
        Column("live", Kind.BOOL, "Whether it is used. Takes the place of its channel's live one.", default="no"),
        Column("visit", Kind.QUANTITY, f"That a place is asked to pick at all, {_MINOR}.", default="150"),
        Column("line", Kind.QUANTITY, f"Each line picked, {_MINOR}.", default="25"),
        Column("parcel", Kind.QUANTITY, f"Each place's consignment, {_MINOR}.", default="350"),
        Column("parcel_km", Kind.QUANTITY, f"Each kilometre that it goes, {_MINOR}.", default="0.5"),
        Column("kg", Kind.QUANTITY, f"Each kilogram, {_MINOR}.", default="40"),
        Column("split", Kind.QUANTITY, f"Each place beyond the first, {_MINOR}.", default="60"),
        Column("parcel_grams", Kind.INTEGER, "What goes into one parcel.", default="20000"),
        Column("most_places", Kind.INTEGER, "Most places for an order, 1 to 4.", default="3"),
        Column("keep_share", Kind.PERCENT, "How much of what units are worth where they stand counts.", default="100"),
        Column("waste_share", Kind.PERCENT, "How much of what would spoil counts.", default="100"),
        Column("reach_km", Kind.INTEGER, "Places farther away are left out; 0: none.", default="0"),
        Column("margin_share", Kind.PERCENT, "What a lost sale costs, of the price.", default="25"),
        Column(
            "fee_collect", Kind.INTEGER, "What collecting in a shop costs the shopper, in minor units.", default="0"
        ),
        Column("fee_point", Kind.INTEGER, "The same at a collection point, in minor units.", default="0"),
        Column("point_hours", Kind.INTEGER, "Hours that a parcel takes to a collection point.", default="48"),
    ),
)

SOURCING_LIMITS = File(
    "sourcing_limits",
    "What is particular to a place: how many online orders it can pick, and what picking costs there.",
    (
        ref("place", "places", key=True, required=True),
        Column("per_hour", Kind.INTEGER, "Most online orders in an hour; empty = no limit."),
        Column("visit", Kind.QUANTITY, f"As in `sourcing_policies`, {_MINOR}; empty = the policy's."),
        Column("line", Kind.QUANTITY, f"As in `sourcing_policies`, {_MINOR}; empty = the policy's."),
    ),
)

SOURCING_CLOSURES = File(
    "sourcing_closures",
    "When places take no online orders.",
    (
        own_ref(),
        ref("place", "places", required=True),
        Column("channel", Kind.CODE, "Orders of this channel; empty = of all."),
        Column("starts_at", Kind.MOMENT, "From this moment on.", required=True),
        Column("ends_at", Kind.MOMENT, "Until just before this moment; empty = until further notice."),
        Column("reason", Kind.TEXT, "Why.", required=True),
    ),
)

SERVING: tuple[File, ...] = (
    AREAS,
    SLOT_RULES,
    SLOT_PEAKS,
    SOURCING_GROUPS,
    SOURCING_GROUP_PLACES,
    SOURCING_CHANNELS,
    SOURCING_POLICIES,
    SOURCING_LIMITS,
    SOURCING_CLOSURES,
)
