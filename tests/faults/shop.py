"""Two invented shops of two legal entities, and small pieces of their history, in the import format."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SINCE = "2000-01-01T00:00:00Z"
PLACES = ("north", "south")
CURRENCY = {"north": "USD", "south": "EUR"}
PRODUCTS = 14
PRICE = 250
"""Minor units of either currency."""
HOT, SHELF = 60, 600
"""Units in stock of the first three products, which everybody wants, and of the others."""
FEW_USES = 12
"""How often the first coupon may be used."""
PRIZE = "prize"
"""What rivals fight over, and nobody else touches; HOT units of it are at each place."""
NOT_RIVALS = f"product_id <> (SELECT id FROM catalog_product WHERE ref = '{PRIZE}')"
"""Everything else, in SQL: what rivals do is checked by its history."""

Row = Sequence[object]


def write_shop(folder: Path) -> None:
    """Master data: tax on top in the north, included in the south; weighed goods, a deposit, a service, coupons."""
    _file(
        folder / "entities.csv",
        ("ref", "name", "country", "currency", "tax_regime", "tax_included", "zone"),
        [("north", "North", "US", "USD", "n", "no", "UTC"), ("south", "South", "DE", "EUR", "s", "yes", "UTC")],
    )
    _file(
        folder / "places.csv",
        ("ref", "entity", "name", "format", "zone", "capabilities"),
        [
            ("north", "north", "North", "supermarket", "America/Denver", "sell|collect"),
            ("south", "south", "South", "convenience", "Asia/Tokyo", "sell|collect"),
        ],
    )
    _file(
        folder / "place_hours.csv",
        ("place", "day", "opens", "closes"),
        [(place, day, "00:00", "24:00") for place in PLACES for day in range(1, 8)],
    )
    _file(
        folder / "products.csv",
        ("ref", "name", "unit", "by_weight", "service", "deposit_product"),
        [(ref, ref, *_nature(number)) for number, ref in enumerate(_refs())],
    )
    _file(
        folder / "tax_rates.csv",
        ("regime", "tax_class", "valid_from", "rate", "included"),
        [("n", "standard", "2000-01-01", "8.875", "no"), ("s", "standard", "2000-01-01", "19", "yes")],
    )
    _file(
        folder / "prices.csv",
        ("product", "currency", "valid_from", "amount"),
        [(ref, currency, SINCE, "2.50") for ref in _refs() for currency in ("USD", "EUR")],
    )
    _file(
        folder / "promotions.csv",
        ("ref", "name", "kind", "value", "n", "currency", "starts_at"),
        [("two", "Two for 4", "n_for_price", "4.00", 2, "USD", SINCE)],
    )
    _file(folder / "promotion_items.csv", ("promotion", "product"), [("two", "p4")])
    _coupons(folder)
    _file(folder / "customers.csv", ("ref", "name"), [(f"m{number}", f"Member {number}") for number in range(5)])
    _file(
        folder / "stock.csv",
        ("place", "product", "as_of", "quantity"),
        [
            (place, ref, SINCE, HOT if number < 3 or ref == PRIZE else SHELF)
            for place in PLACES
            for number, ref in enumerate(_refs())
            if ref not in {"service", "deposit"}
        ],
    )


def _refs() -> list[str]:
    return [f"p{number}" for number in range(PRODUCTS - 2)] + ["deposit", "service", PRIZE]


def _nature(number: int) -> tuple[str, str, str, str]:
    """Unit, by weight, service, deposit."""
    if PRODUCTS - 2 <= number < PRODUCTS:
        return "each", "no", "yes", ""
    return ("kg", "yes", "no", "") if number == 5 else ("each", "no", "no", "deposit" if number == 6 else "")


def _coupons(folder: Path) -> None:
    _file(
        folder / "coupons.csv",
        ("ref", "name", "kind", "value", "currency", "funder", "valid_from", "max_uses", "max_uses_per_customer"),
        [
            ("FEW", "Ten off", "percentage", "10", "", "retailer", SINCE, FEW_USES, ""),
            ("ONCE", "Once each", "percentage", "5", "", "retailer", SINCE, "", 1),
            ("MAKER", "Maker's", "amount", "0.75", "USD", "manufacturer", SINCE, 20, ""),
        ],
    )


@dataclass(slots=True)
class History:
    """What a folder of history must leave behind: totals by ref, in minor units; and what must be refused."""

    orders: dict[str, int] = field(default_factory=dict)
    returns: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    _rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, name: str, *row: object) -> None:
        """One more row of a file."""
        self._rows.setdefault(name, []).append(row)

    def write(self, folder: Path) -> None:
        """Write the folder."""
        for name, header in _HEADERS.items():
            _file(folder / f"{name}.csv", header, self._rows.get(name, []))


_HEADERS = {
    "orders": ("ref", "place", "ordered_at", "currency", "total"),
    "order_lines": ("order", "line", "product", "quantity", "amount", "tax", "tax_rate"),
    "line_discounts": ("order", "line", "seq", "kind", "funder", "amount"),
    "payments": ("order", "seq", "tender", "amount"),
    "receipts": ("order", "number"),
    "returns": ("ref", "order", "place", "returned_at", "currency", "total"),
    "return_lines": ("return", "line", "order_line", "product", "quantity", "amount", "tax", "tax_rate"),
    "refunds": ("return", "seq", "tender", "amount"),
}


def history(key: str, orders: int = 40) -> History:
    """The folder named by `key`, always the same: sales, every tenth returned in part, every twentieth bad."""
    chance, made = random.Random(key), History()
    for number in range(orders):
        _sale(made, f"{key}-{number}", number, chance)
    return made


def _sale(made: History, ref: str, number: int, chance: random.Random) -> None:
    place = chance.choice(PLACES)
    at = f"2024-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}T1{chance.randint(0, 9)}:00:00Z"
    lines = [(f"p{product}", chance.randint(1, 3)) for product in chance.sample(range(3, PRODUCTS - 2), 3)]
    total = 0
    for line, (product, quantity) in enumerate(lines, 1):
        amount = quantity * PRICE - (50 if line == 1 else 0)
        tax, rate = _tax(place, amount)
        total += amount + (tax if place == "north" else 0)
        made.add("order_lines", ref, line, product, quantity, _money(amount), _money(tax), rate)
        if line == 1:
            made.add("line_discounts", ref, line, 1, "promotion", "retailer", "0.50")
    bad = number % 20 == 13
    made.add("orders", ref, place, at, "XXX" if bad else CURRENCY[place], _money(total))
    made.add("payments", ref, 1, "cash" if number % 2 else "card", _money(total))
    made.add("receipts", ref, f"R{number}")
    if bad:
        made.refused.append(ref)
        return
    made.orders[ref] = total
    if number % 10 == 4:
        _return(made, ref, place, lines[1])


def _return(made: History, ref: str, place: str, line: tuple[str, int]) -> None:
    product, quantity = line
    amount = quantity * PRICE
    tax, rate = _tax(place, amount)
    total = amount + (tax if place == "north" else 0)
    back = f"{ref}-back"
    made.returns[back] = total
    made.add("returns", back, ref, place, "2024-11-01T10:00:00Z", CURRENCY[place], _money(total))
    made.add("return_lines", back, 1, 2, product, quantity, _money(amount), _money(tax), rate)
    made.add("refunds", back, 1, "cash", _money(total))


def _tax(place: str, amount: int) -> tuple[int, str]:
    if place == "north":
        return (amount * 8875 + 50_000) // 100_000, "8.875"
    return (amount * 19 + 59) // 119, "19"


def _money(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02}"


def _file(path: Path, header: Row, rows: Iterable[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
