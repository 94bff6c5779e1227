"""SQL that turns decimal amounts into minor units, exactly."""

from __future__ import annotations

from storeline.kernel.api import EXPONENTS

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
