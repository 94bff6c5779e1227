"""SQL that writes cells as the format asks: amounts as decimal text, flags as yes and no, lists with bars."""

from __future__ import annotations

from storeline.kernel.api import EXPONENTS

_ODD = {code: exponent for code, exponent in sorted(EXPONENTS.items()) if exponent != 2}  # noqa: PLR2004 (most have two)


def decimals(currency: str) -> str:
    """How many decimals the currency has."""
    odd = " ".join(f"WHEN '{code}' THEN {exponent}" for code, exponent in _ODD.items())
    return f"CASE {currency} {odd} ELSE 2 END"


def amount(minor: str, currency: str) -> str:
    """Minor units as decimal text with all of the currency's decimals."""
    return f"round({minor} / (10::numeric ^ {decimals(currency)}), {decimals(currency)})::text"


def quantity(thousandths: str) -> str:
    """Thousandths as the shortest decimal text."""
    return f"trim_scale(({thousandths}) / 1000::numeric)::text"


def plain(number: str) -> str:
    """A float as its shortest decimal text, never with an exponent."""
    return f"CASE WHEN strpos(({number})::text, 'e') > 0 THEN ({number})::numeric::text ELSE ({number})::text END"


def percent(ppm: str) -> str:
    """Parts per million as percent."""
    return f"trim_scale({ppm} / 10000::numeric)::text"


def flag(value: str) -> str:
    """A boolean as yes or no."""
    return f"CASE WHEN {value} THEN 'yes' WHEN NOT {value} THEN 'no' END"


def listed(array: str) -> str:
    """An array with bars between."""
    return f"array_to_string({array}, '|')"


def moment(at: str) -> str:
    """A moment in UTC."""
    return f"""to_char({at} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def clock(minutes: str) -> str:
    """Minutes after midnight as HH:MM, beyond 24:00 too."""
    return f"lpad(({minutes} / 60)::text, 2, '0') || ':' || lpad(({minutes} % 60)::text, 2, '0')"
