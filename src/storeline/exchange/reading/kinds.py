"""How each kind of cell is read: SQL of its value, and of the reason to refuse it."""

from __future__ import annotations

from dataclasses import dataclass

from storeline.exchange.format import Kind
from storeline.kernel.api import MAX_AMOUNT, MAX_QUANTITY

MOMENT = r"'\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.]\d{1,9})?)?( ?([Zz]|[+-]\d\d(:?\d\d)?))?)?'"
OFFSET = r"'.*\d\d:\d\d.*([Zz]|[+-]\d\d(:?\d\d)?)'"
DECIMAL = r"'-?\d{1,18}([.]\d{1,9})?'"
REPEATS = ("30 minutes", "1 hour", "2 hours")
"""How much clocks are put back anywhere; a local time that comes twice means the first."""

Step = dict[str, str]
"""Columns and their SQL, over those of the steps before."""


@dataclass(frozen=True, slots=True)
class Cell:
    """SQL of a cell's value, of the reason to refuse it, and of a warning; and the steps before."""

    value: str
    wrong: str
    warning: str = "null"
    steps: tuple[Step, ...] = ()


def beside(x: str, what: str) -> str:
    """The name of a step's column for the column `x`."""
    return f'{x[:-1]} {what}"'


def _text(x: str) -> Cell:
    return Cell(x, f"when contains({x}, chr(0)) then 'with a NUL character'")


def _code(x: str) -> Cell:
    return Cell(x, rf"when regexp_matches({x}, '[\x00-\x1f\x7f]') then 'with a control character'")


def _bool(x: str) -> Cell:
    return Cell(
        f"lower({x}) in ('yes', 'true', 'y', 't', '1')",
        f"when lower({x}) not in ('yes', 'true', 'y', 't', '1', 'no', 'false', 'n', 'f', '0') then 'not yes or no'",
    )


def _integer(x: str) -> Cell:
    return Cell(
        f"try_cast(regexp_replace({x}, '[.]0+$', '') as integer)",
        rf"when not regexp_full_match({x}, '-?\d{{1,9}}([.]0+)?') then 'not a whole number of at most nine digits'",
    )


def _not_decimal(x: str) -> str:
    return f"""when regexp_full_match({x}, '[-0-9. ]*,[0-9. ,]*') then 'a decimal comma: write 12.34'
        when not regexp_full_match({x}, {DECIMAL}) then 'not a decimal number such as 12.34'"""


def _scaled(x: str, scale: str, limit: int, fine: str, *, negative: bool = False) -> Cell:
    number = beside(x, "scaled")
    sign = "" if negative else f"when starts_with({x}, '-') and {number} <> 0 then 'negative'"
    return Cell(
        f"try_cast({number} as bigint)",
        f"""{_not_decimal(x)} {sign}
            when {number} <> trunc({number}) then '{fine}' when abs({number}) >= {limit} then 'too large'""",
        steps=({number: f"try_cast({x} as decimal(27, 9)) * {scale}"},),
    )


def _quantity(x: str) -> Cell:
    return _scaled(x, "1000::bigint", MAX_QUANTITY, "more than three decimals")


def _signed_quantity(x: str) -> Cell:
    return _scaled(x, "1000::bigint", MAX_QUANTITY, "more than three decimals", negative=True)


def _amount(x: str) -> Cell:
    return _scaled(x, "scale", MAX_AMOUNT, "more decimals than the currency has")


def _signed(x: str) -> Cell:
    return _scaled(x, "scale", MAX_AMOUNT, "more decimals than the currency has", negative=True)


def _rate(x: str) -> Cell:
    return _scaled(x, "10000::bigint", 10_000_000, "more than four decimals")


def _decimal(x: str) -> Cell:
    return Cell(f"try_cast({x} as decimal(27, 9))", f"{_not_decimal(x)} when starts_with({x}, '-') then 'negative'")


def _degrees(x: str) -> Cell:
    return Cell(
        f"try_cast({x} as double)",
        rf"when not regexp_full_match({x}, '-?\d{{1,3}}([.]\d{{1,20}})?') then 'not degrees such as 52.3702'",
    )


def _currency(x: str) -> Cell:
    return Cell(x, f"when {x} not in (select currency from currency_scale) then 'not an ISO 4217 code'")


def _country(x: str) -> Cell:
    return Cell(x, f"when not regexp_full_match({x}, '[A-Z]{{2}}') then 'not an ISO 3166-1 code of two letters'")


def _language(x: str) -> Cell:
    return Cell(x, rf"when not regexp_full_match({x}, '[A-Za-z]{{2,3}}(-[A-Za-z0-9]{{1,8}})*') then 'not a BCP 47 tag'")


def _date(x: str) -> Cell:
    text, day = beside(x, "text"), beside(x, "day")
    return Cell(
        day,
        rf"""when {x} is not null and (not regexp_full_match({text}, '\d{{4}}-\d\d-\d\d') or {day} is null)
            then 'not a date such as 2026-07-31' {_era(day)}""",
        steps=({text: f"regexp_replace({x}, '[T ]00:00(:00([.]0+)?)?$', '')"}, {day: f"try_cast({text} as date)"}),
    )


def _era(value: str) -> str:
    return f"when {value} < '1970-01-01' or {value} >= '2200-01-01' then 'not between 1970 and 2199'"


def _moment(x: str) -> Cell:
    """By its own offset, or by the zone; `first` is a local time that came twice, when it came first."""
    local, exact, at, first = (beside(x, what) for what in ("local", "exact", "at", "first"))
    twice = " ".join(
        f"when timezone(its_zone, {at} - interval '{gap}') = {local} then {at} - interval '{gap}'" for gap in REPEATS
    )
    form = f"regexp_full_match({x}, {MOMENT})"
    has_offset = f"regexp_full_match({x}, {OFFSET})"
    return Cell(
        f"case when {at} is null then {exact} else coalesce({first}, {at}) end",
        f"""when {x} is not null and coalesce({exact}, {local}) is null
            then 'not a moment such as 2026-07-31T18:05:00+02:00' {_era(f"coalesce({local}, '1980-01-01')")}""",
        f"""case when {first} is not null then 'this local time came twice; the first was taken'
            when timezone(its_zone, {at}) <> {local} then 'there was no such local time; the clock had gone forward' end""",
        (
            {
                local: f"case when {form} then try_cast({x} as timestamp) end",
                exact: f"case when {form} then try_cast({x} as timestamptz) end",
            },
            {at: f"case when not {has_offset} then timezone(its_zone, {local}) end"},
            {first: f"case {twice} end"},
        ),
    )


def _hour(x: str) -> Cell:
    return Cell(
        x, f"when not regexp_full_match({x}, '([01][0-9]|2[0-9]):[0-5][0-9]|30:00') then 'not a time such as 07:30'"
    )


def parts(x: str) -> str:
    """SQL of the parts of a list, trimmed; empty ones are left out."""
    return f"list_filter(list_transform(string_split({x}, '|'), lambda part: trim(part)), lambda part: part <> '')"


def _list(x: str) -> Cell:
    quoted = rf"""list_transform({parts(x)}, lambda part:
        '"' || replace(replace(part, '\', '\\'), '"', '\"') || '"')"""
    return Cell(
        f"'{{' || array_to_string({quoted}, ',') || '}}'", f"when contains({x}, chr(0)) then 'with a NUL character'"
    )


KINDS = {
    Kind.REF: _code,
    Kind.CODE: _code,
    Kind.TEXT: _text,
    Kind.LONG: _text,
    Kind.BOOL: _bool,
    Kind.INTEGER: _integer,
    Kind.PERCENT: _decimal,
    Kind.RATE: _rate,
    Kind.QUANTITY: _quantity,
    Kind.SIGNED_QUANTITY: _signed_quantity,
    Kind.AMOUNT: _amount,
    Kind.SIGNED: _signed,
    Kind.UNIT_PRICE: _decimal,
    Kind.VALUE: _decimal,
    Kind.DECIMAL: _decimal,
    Kind.DEGREES: _degrees,
    Kind.CURRENCY: _currency,
    Kind.COUNTRY: _country,
    Kind.LANGUAGE: _language,
    Kind.ZONE: _code,
    Kind.DATE: _date,
    Kind.MOMENT: _moment,
    Kind.HOUR: _hour,
    Kind.LIST: _list,
}
