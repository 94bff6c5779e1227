"""A shop in which the first product is a partner's, sold for it at a commission of a quarter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storeline.consignment import audit
from storeline.consignment.handlers import something_happened
from storeline.kernel.api import SYSTEM, Envelope, new_id, now, run
from storeline.orders.tests.factories import Shop, shop
from storeline.partners import api as partners
from storeline.stock import api as stock

VALUE = 80
_EVENTS = "SELECT id, type, subject_id, place_id, entity_id, at, payload FROM kernel_event ORDER BY id"


@dataclass(frozen=True, slots=True)
class Corner:
    """A partner's corner in a shop: the first product is its own, ten of it are there."""

    shop: Shop
    partner: UUID
    agreement: UUID

    @property
    def product(self) -> UUID:
        return self.shop.products[0]

    @property
    def account(self) -> str:
        return f"partner_{self.partner.hex}"


def agreed(partner: UUID, **terms: Any) -> UUID:
    """An agreement in force, of which the retailer bears losses."""
    words: dict[str, Any] = {"commission": 250, "losses": "retailer", "scopes": ["consignment.read"]} | terms
    return partners.agree(new_id(), partner, partners.Terms(**words), actor=SYSTEM)


def corner(*, losses: str = "retailer", value: int | None = VALUE) -> Corner:
    """A shop with a partner's corner."""
    here = shop()
    partner = partners.take_on(partners.NewOrganisation(new_id(), "bakery", "Bakery"), actor=SYSTEM)
    made = Corner(here, partner, agreed(partner, losses=losses))
    stock.count([stock.Counted(new_id(), 1, here.place, made.product, 0)], actor=SYSTEM)
    assert stock.set_owners([owned(made, value=value)], actor=SYSTEM) == 1
    stock.receive([stock.Goods(new_id(), 1, here.place, made.product, 10_000)], actor=SYSTEM)
    return made


def owned(here: Corner, *, agreement: UUID | None = None, value: int | None = VALUE) -> stock.Owned:
    """The wish that the corner's product is the partner's."""
    return stock.Owned(here.shop.place, here.product, agreement or here.agreement, value)


def heard() -> None:
    """Let consignment hear of everything that happened, again too; note that it did, as its consumer would."""
    something_happened([Envelope(*row) for row in run(_EVENTS).fetchall()])
    run("DELETE FROM kernel_checkpoint WHERE name = 'consignment.lines'")
    run(
        "INSERT INTO kernel_checkpoint (name, xid, event_id) VALUES ('consignment.lines', pg_current_xact_id(), %s)",
        [2**62],
    )


def lines() -> list[tuple[Any, ...]]:
    """(kind, quantity, net, commission, owed) of every line, in the order of their making."""
    return run("SELECT kind, quantity, net, commission, owed FROM consignment_line ORDER BY at, kind").fetchall()


def books(here: Corner) -> dict[str, int]:
    """What stands on the accounts that consignment posts to."""
    rows = run(
        "SELECT account, sum(amount)::bigint FROM ledger_posting WHERE kind IN ('consignment', 'settlement') GROUP BY 1"
    ).fetchall()
    return {"partner" if account == here.account else account: amount for account, amount in rows if amount}


def wrong() -> list[str]:
    """The names of the checks that find something."""
    checks = {"lines": audit.lines, "owed": audit.owed, "settlements": audit.settlements}
    return [name for name, check in checks.items() if check().wrong]


def everything() -> list[list[tuple[Any, ...]]]:
    """Every row that a refusal must leave as it was."""
    tables = ("stock_ownership", "stock_balance", "consignment_line", "consignment_settlement", "ledger_posting")
    return [run(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall() for table in tables]


def today() -> Any:
    """The day in the books of the entity."""
    return now().date()
