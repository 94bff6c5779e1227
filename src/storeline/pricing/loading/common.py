"""SQL that turns decimal amounts into minor units, exactly."""

from __future__ import annotations

from storeline.kernel.api import EXPONENTS, Rule

_CENTS = 2
MAX_DECIMALS = 6
"""How many decimals a unit price may have beyond its currency's own."""
DAY = 24 * 60
CURRENCIES = "{" + ",".join(sorted(EXPONENTS)) + "}"


def sql_minor_units(amount: str, currency: str) -> str:
    """SQL: a decimal amount in minor units, maybe with decimals left."""
    factors = " ".join(
        f"WHEN '{code}' THEN {10**exponent}" for code, exponent in sorted(EXPONENTS.items()) if exponent != _CENTS
    )
    return f"({amount} * CASE {currency} {factors} ELSE {10**_CENTS} END)"


def whole_amount(amount: str, currency: str) -> str:
    """SQL: the amount of a unit price, scaled up until it is whole; its base grows alike (`whole_base`)."""
    units = sql_minor_units(amount, currency)
    return (
        f"CASE WHEN {units} = trunc({units}) THEN {units} "
        f"ELSE {units} * 10::numeric ^ scale(trim_scale({units})) END::bigint"
    )


def whole_base(amount: str, currency: str, per: str) -> str:
    """SQL: the base of a unit price whose amount is `whole_amount`; `per` in thousandths."""
    units = sql_minor_units(amount, currency)
    return (
        f"CASE WHEN {units} = trunc({units}) THEN {per} "
        f"ELSE {per} * 10::numeric ^ scale(trim_scale({units})) END::bigint"
    )


def too_fine(amount: str, currency: str) -> str:
    """SQL: whether the amount has more decimals than a unit price may have."""
    return f"scale(trim_scale({sql_minor_units(amount, currency)})) > {MAX_DECIMALS}"


def minutes(clock: str) -> str:
    """SQL: the minutes after midnight of ``HH:MM``."""
    return f"(split_part({clock}, ':', 1)::int * 60 + split_part({clock}, ':', 2)::int)"


def value_rules(kind: str) -> tuple[Rule, ...]:
    """What holds of every staged `value` that is a percentage or an amount, by the SQL of its kind."""
    return (
        Rule(
            "value",
            "a percentage lies above 0 and up to 100, with at most four decimals",
            f"{kind} = 'percentage' AND (i.value <= 0 OR i.value > 100 OR i.value <> round(i.value, 4))",
        ),
        Rule("value", "must not be negative", "i.value < 0"),
        Rule("value", "too large", "i.value >= 1000000000"),
        Rule("per", "must be above zero", "i.per <= 0"),
    )


OFFER_RULES = (
    *value_rules("i.kind"),
    Rule("currency", "not an ISO 4217 code", f"i.currency <> '' AND i.currency <> ALL ('{CURRENCIES}')"),
    Rule(
        "funder",
        "not a funder: retailer manufacturer partner",
        "i.funder <> ALL ('{retailer,manufacturer,partner}')",
    ),
)
"""What holds of every promotion and coupon."""
