"""Files about customers: who they are, how to reach them, what they agreed to."""

from storeline.exchange.format.columns import Column, File, Kind, own_ref, ref

CUSTOMERS = File(
    "customers",
    "Members and known guests.",
    (
        own_ref("The member number."),
        Column("kind", Kind.CODE, "Member or guest.", values=("member", "guest"), default="member"),
        Column("name", Kind.TEXT, "As the customer writes it, in any script."),
        Column("language", Kind.LANGUAGE, "The language to write to them in (BCP 47)."),
        Column("country", Kind.COUNTRY, "Where they live."),
        Column("joined_at", Kind.MOMENT, "When they joined."),
    ),
)

CONTACT_POINTS = File(
    "contact_points",
    "Ways to reach a customer.",
    (
        ref("customer", "customers", key=True, required=True),
        Column("kind", Kind.CODE, "What it is.", required=True, key=True, values=("email", "phone", "postal", "chat")),
        Column("value", Kind.TEXT, "The address or number; phones as E.164.", required=True, key=True),
        Column("verified_at", Kind.MOMENT, "When they proved that it is theirs."),
        Column("preferred", Kind.BOOL, "Whether to use this one first.", default="no"),
    ),
)

CARDS = File(
    "cards",
    "Membership cards.",
    (
        Column("number", Kind.CODE, "4 to 40 letters and digits; spaces and dashes do not count.", True, True),
        ref("customer", "customers", required=True),
        Column("issued_at", Kind.MOMENT, "When it was given.", required=True),
        Column("blocked_at", Kind.MOMENT, "When it was blocked; empty = in use."),
    ),
    fixed=("customer",),
)

MERGES = File(
    "merges",
    "Which records of customers are one person's. Nothing else is rewritten, so it can be undone.",
    (
        ref("customer", "customers", key=True, required=True),
        Column("at", Kind.MOMENT, "When it was said.", required=True, key=True),
        ref("survivor", "customers", "The record that stands for both.", required=True),
        Column("reason", Kind.TEXT, "Why."),
        Column("undone_at", Kind.MOMENT, "When it was taken back."),
    ),
    fixed=("survivor",),
)

PURPOSES = File(
    "purposes",
    "What customers are asked to agree to.",
    (
        Column("code", Kind.CODE, "Such as `marketing_email`.", True, True),
        Column("label", Kind.TEXT, "What people read.", required=True),
        Column("basis", Kind.CODE, "The legal ground.", default="consent"),
        Column("data", Kind.LIST, "Which data it is about."),
        Column("recipients", Kind.LIST, "Who receives them."),
        Column("valid_days", Kind.INTEGER, "How long a consent holds; empty = until it is withdrawn."),
    ),
)

CONSENTS = File(
    "consents",
    "What a customer agreed to, or withdrew. The latest row of a purpose counts.",
    (
        ref("customer", "customers", key=True, required=True),
        Column("purpose", Kind.CODE, "One of `purposes`; one that is not there is made.", required=True, key=True),
        Column("at", Kind.MOMENT, "When.", required=True, key=True),
        Column("granted", Kind.BOOL, "Yes = agreed, no = withdrew.", required=True),
        Column("text", Kind.LONG, "The words that they agreed to."),
        Column("text_version", Kind.TEXT, "Which version of them."),
        Column("language", Kind.LANGUAGE, "Their language (BCP 47)."),
        Column("source", Kind.TEXT, "Where they said so."),
    ),
    immutable=True,
)

PEOPLE = (
    CUSTOMERS,
    CONTACT_POINTS,
    CARDS,
    MERGES,
    PURPOSES,
    CONSENTS,
)
