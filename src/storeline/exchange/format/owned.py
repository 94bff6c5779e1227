"""Files about partners and their goods, and about lots."""

from __future__ import annotations

from storeline.exchange.format.columns import Column, File, Kind, own_ref, ref

PARTNERS = File(
    "partners",
    "Organisations that the retailer trades with: wallets, marketplaces, brands, carriers.",
    (
        own_ref(),
        Column("name", Kind.TEXT, "Its name.", required=True),
        Column("kind", Kind.CODE, "What it is, such as `brand`."),
        Column("country", Kind.COUNTRY, "Where it is registered."),
    ),
)

AGREEMENTS = File(
    "agreements",
    "On what terms a partner's goods are sold for it. What its programs may do and hear of is no part of this.",
    (
        own_ref(),
        ref("partner", "partners", required=True),
        Column("commission", Kind.PERCENT, "The retailer's share of what a line earned without tax.", required=True),
        Column("losses", Kind.CODE, "Who bears what is missing.", required=True, values=("retailer", "partner")),
        Column("entities", Kind.LIST, "Rows of `entities` where it holds; empty with `places` = everywhere."),
        Column("places", Kind.LIST, "Rows of `places` where it holds."),
        Column("starts_at", Kind.MOMENT, "From this moment on.", required=True),
        Column("ends_at", Kind.MOMENT, "Until just before this moment; empty = until further notice."),
    ),
    immutable=True,
)

OWNED_GOODS = File(
    "owned_goods",
    "Whose a product at a place is, as a whole, where it is a partner's. Trade in the folder owes the partner nothing:"
    " it was settled where it came from. Where the product moved already, none of it may be there.",
    (
        ref("place", "places", key=True, required=True),
        ref("product", "products", key=True, required=True),
        ref("agreement", "agreements", required=True),
        Column("currency", Kind.CURRENCY, "Of `value`: the place's."),
        Column("value", Kind.AMOUNT, "What a missing unit is worth; required where the retailer bears losses."),
        Column("since", Kind.MOMENT, "Since when.", required=True),
    ),
    immutable=True,
)

RECALLS = File(
    "recalls",
    "Lots that must not be sold any more, and why. Each is blocked wherever it is, and wherever `lots` says so later; an open one goes on"
    " as one that is started here. Recalls that were lifted are no part of this, nor who was told of one and what shops took off.",
    (
        ref("product", "products", key=True, required=True),
        Column("lot", Kind.CODE, "1 to 20 characters, as its label shows them.", required=True, key=True),
        Column("reason", Kind.TEXT, "Why, as shoppers are told: at most 300 characters.", required=True),
        Column(
            "state",
            Kind.CODE,
            "`closed` when all of it is off the shelves. A new one without it is open.",
            values=("open", "closed"),
        ),
        Column("started_at", Kind.MOMENT, "Since when.", required=True),
        Column("ended_at", Kind.MOMENT, "When it was closed: for those alone."),
    ),
    immutable=True,
)

LOTS = File(
    "lots",
    "How much of what is there is of which lot, once all of the folder's trade is taken in. All lots of a product at a place"
    " together are at most what is there; the rest is in no lot. The place must have an opening of it in `stock`.",
    (
        ref("place", "places", key=True, required=True),
        ref("product", "products", key=True, required=True),
        Column("lot", Kind.CODE, "1 to 20 characters, as its label shows them.", required=True, key=True),
        Column("expires_on", Kind.DATE, "Its last day."),
        Column("quantity", Kind.QUANTITY, "How many, above 0.", required=True),
    ),
    immutable=True,
)

OWNED: tuple[File, ...] = (PARTNERS, AGREEMENTS, OWNED_GOODS, RECALLS, LOTS)
