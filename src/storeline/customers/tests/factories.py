"""Customers for tests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from storeline.customers.commands.contacts import NewContact
from storeline.customers.commands.people import NewCustomer, register
from storeline.kernel.api import SYSTEM, make_error_table, new_id, run

PHONE, EMAIL = "+41791234567", "kim@example.org"


def make_customer(**values: Any) -> UUID:
    return register(NewCustomer(**({"id": new_id()} | values)), actor=SYSTEM)


def proved(kind: str, value: str) -> NewContact:
    return NewContact(kind, value, verified=True)


def stage(file: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    """Stage rows as ``pg_temp.in_<file>`` with an empty error table; the row number comes by itself."""
    run(f"DROP TABLE IF EXISTS pg_temp.in_{file}, pg_temp.in_error")
    make_error_table()
    run(f"CREATE TEMP TABLE in_{file} (row bigint, {columns}) ON COMMIT DROP")
    for number, values in enumerate(rows, 1):
        run(f"INSERT INTO in_{file} VALUES (%s{', %s' * len(values)})", [number, *values])


def errors() -> list[tuple[Any, ...]]:
    return run("SELECT row, col, reason FROM in_error ORDER BY row, col").fetchall()


def everything() -> list[list[tuple[Any, ...]]]:
    tables = ("customer", "contact_point", "consent", "merge")
    rows = [run(f"SELECT * FROM customers_{table} ORDER BY id").fetchall() for table in tables]
    cards = run("SELECT * FROM customers_card ORDER BY number").fetchall()
    return [*rows, cards, run("SELECT * FROM kernel_event ORDER BY id").fetchall()]
