"""Writes: what happened to partners' goods becomes what they are owed; what is owed is settled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from storeline.consignment import facts
from storeline.consignment.domain import (
    LOSS,
    Back,
    Given,
    Key,
    Line,
    Lost,
    Sold,
    Where,
    account_of,
    loss_line,
    return_lines,
    sale_line,
)
from storeline.consignment.errors import NothingOwed
from storeline.consignment.locks import take_turn
from storeline.consignment.permissions import SETTLE
from storeline.consignment.queries import SettlementView, get_settlement
from storeline.kernel.api import (
    SYSTEM,
    Actor,
    BodyMismatch,
    Event,
    Invalid,
    Row,
    business_date,
    dates_array,
    ids_array,
    ints_array,
    now,
    publish,
    run,
    source_id,
    texts_array,
    times_array,
    trail,
    transaction,
)
from storeline.ledger import api as ledger
from storeline.partners import api as partners

SETTLED = "consignment.settled"
_ANY = "SELECT EXISTS (SELECT FROM stock_ownership)"
_UNKNOWN = """NOT EXISTS (
    SELECT FROM consignment_line x WHERE x.kind = '{kind}' AND x.source_id = {source} AND x.line_no = {line}
)"""
_SALES = facts.SALES.format(
    only="m.source_id = ANY(%s::uuid[]) AND " + _UNKNOWN.format(kind="sale", source="m.source_id", line="m.line_no")
)
_RETURNS = f"""
SELECT * FROM (
    {facts.RETURNS.format(only="r.id = ANY(%s::uuid[]) AND " + _UNKNOWN.format(kind="return", source="r.id", line="l.line_no"))}
) AS back ORDER BY at, source_id, line_no
"""
_GIVEN = """
SELECT sale_id, sale_line, -sum(net)::bigint, -sum(commission)::bigint FROM consignment_line
WHERE kind = 'return' AND (sale_id, sale_line) IN (SELECT * FROM unnest(%s::uuid[], %s::int[]))
GROUP BY sale_id, sale_line
"""
_LOSSES = facts.LOSSES.format(
    only="m.source_id = ANY(%s::uuid[]) AND " + _UNKNOWN.format(kind="loss", source="m.source_id", line="m.line_no")
)
_ARRIVALS = facts.ARRIVALS.format(
    only="m.transfer_id = ANY(%s::uuid[]) AND " + _UNKNOWN.format(kind="loss", source="m.arrival_id", line="l.line_no")
)
_INSERT = """
INSERT INTO consignment_line (kind, source_id, line_no, organisation_id, ownership_id, entity_id, place_id, product_id, currency,
    quantity, net, commission, owed, business_date, at, sale_id, sale_line)
SELECT * FROM unnest(%s::text[], %s::uuid[], %s::int[], %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[],
    %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::date[], %s::timestamptz[], %s::uuid[], %s::int[])
"""


def take_in(
    *,
    orders: Collection[UUID] = (),
    returns: Collection[UUID] = (),
    deeds: Collection[UUID] = (),
    transfers: Collection[UUID] = (),
) -> int:
    """Write down what completed orders, returns, documents of stock and transfers change of what partners are owed.

    In the caller's transaction, once, however often it is called; how many lines were new. The books follow each line.
    """
    if run(_ANY).fetchall()[0][0] is False:
        return 0
    lines = [sale_line(_sold(row)) for row in _rows(_SALES, orders)]
    _write(lines)
    backs = [_back(row) for row in _rows(_RETURNS, returns, returns)]
    found = return_lines(backs, _given([back.sale for back in backs if back.sale is not None]))
    found += [loss_line(_lost(row)) for row in [*_rows(_LOSSES, deeds), *_rows(_ARRIVALS, transfers)]]
    _write(found)
    return len(lines) + len(found)


def _rows(sql: str, *ids: Collection[UUID]) -> list[Row]:
    return run(sql, [ids_array(one) for one in ids]).fetchall() if ids[0] else []


def _where(row: Row) -> Where:
    return Where(*row[2:8])


def _sold(row: Row) -> Sold:
    return Sold((row[0], row[1]), _where(row), *row[8:])


def _back(row: Row) -> Back:
    sale = None if row[13] is None else (row[13], row[14])
    quantity, net, commission, day, at = row[8:13]
    sale_net, sale_commission, restock, value = row[15:]
    return Back(
        key=(row[0], row[1]),
        where=_where(row),
        quantity=quantity,
        net=net,
        commission=commission,
        business_date=day,
        at=at,
        sale=sale,
        sale_net=sale_net,
        sale_commission=sale_commission,
        restock=restock,
        value=value,
    )


def _lost(row: Row) -> Lost:
    return Lost((row[0], row[1]), _where(row), *row[8:])


def _given(sales: Sequence[Key]) -> Given:
    if not sales:
        return Given()
    rows = run(_GIVEN, [ids_array(order for order, _ in sales), ints_array(line for _, line in sales)]).fetchall()
    return Given({(order, line): (net, commission) for order, line, net, commission in rows})


def _write(lines: Sequence[Line]) -> None:
    if not lines:
        return
    wheres = [line.where for line in lines]
    run(
        _INSERT,
        [
            texts_array(line.kind for line in lines),
            ids_array(line.source_id for line in lines),
            ints_array(line.line_no for line in lines),
            ids_array(where.organisation_id for where in wheres),
            ids_array(where.ownership_id for where in wheres),
            ids_array(where.entity_id for where in wheres),
            ids_array(where.place_id for where in wheres),
            ids_array(where.product_id for where in wheres),
            texts_array(where.currency for where in wheres),
            ints_array(line.quantity for line in lines),
            ints_array(line.net for line in lines),
            ints_array(line.commission for line in lines),
            ints_array(line.owed for line in lines),
            dates_array(line.business_date for line in lines),
            times_array(line.at for line in lines),
            ids_array(line.sale and line.sale[0] for line in lines),
            ints_array(line.sale and line.sale[1] for line in lines),
        ],
    )
    _open_accounts({where.organisation_id for where in wheres})
    ledger.post([_entry(line) for line in lines if line.owed])


def _open_accounts(organisations: Collection[UUID]) -> None:
    there = {account.code for account in ledger.accounts()}
    names = {one: partners.get_organisation(one).name for one in organisations if account_of(one) not in there}
    new = [ledger.Account(account_of(one), f"Owed to {name}", "liability") for one, name in names.items()]
    if new:
        ledger.add_accounts(new, actor=SYSTEM)


def _entry(line: Line) -> ledger.Entry:
    """The sale was posted as earned: the partner's part of it is owed. What is lost is an expense."""
    where = line.where
    return ledger.Entry(
        source_id("consignment", f"{line.kind}:{line.source_id}:{line.line_no}", line.at),
        where.entity_id,
        where.place_id,
        where.currency,
        line.business_date,
        line.at,
        "consignment",
        line.source_id,
        (
            (ledger.PARTNERS_LOSSES if line.kind == LOSS else ledger.SALES, line.owed),
            (account_of(where.organisation_id), -line.owed),
        ),
    )


# --- settlements ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """A wish: settle what an entity owes a partner until a day, under an id that the client made."""

    id: UUID
    organisation_id: UUID
    entity_id: UUID
    until: date


_ENTITY = "SELECT currency, zone FROM places_entity WHERE id = %s"
_KNOWN = "SELECT organisation_id, entity_id, until FROM consignment_settlement WHERE id = %s"
_TAKE = """
WITH taken AS (
    SELECT kind, net, commission, owed FROM consignment_line
    WHERE organisation_id = %s AND entity_id = %s AND currency = %s AND business_date <= %s AND settlement_id IS NULL
)
SELECT count(*), coalesce(sum(net) FILTER (WHERE kind = 'sale'), 0)::bigint,
    coalesce(-sum(net) FILTER (WHERE kind = 'return'), 0)::bigint, coalesce(sum(commission), 0)::bigint,
    coalesce(sum(net) FILTER (WHERE kind = 'loss'), 0)::bigint, coalesce(sum(owed), 0)::bigint
FROM taken
"""
_SETTLE = """
INSERT INTO consignment_settlement (id, organisation_id, entity_id, currency, until, lines, sales, returns, commission, losses, owed,
    at, business_date, actor_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_MARK = """
UPDATE consignment_line SET settlement_id = %s
WHERE organisation_id = %s AND entity_id = %s AND currency = %s AND business_date <= %s AND settlement_id IS NULL
"""


def settle(statement: Statement, *, actor: Actor) -> SettlementView:
    """Settle all that was not settled yet until a day: one statement, one payment out of the bank.

    What becomes known later of those days goes into the next one. The same statement again changes nothing. Raises
    NothingOwed where no more was earned than came back: it goes into the next one too.
    """
    actor.require_everywhere(SETTLE)
    with transaction():
        partners.get_organisation(statement.organisation_id)
        take_turn(statement.organisation_id)
        asked = (statement.organisation_id, statement.entity_id, statement.until)
        if (known := run(_KNOWN, [statement.id]).fetchone()) is not None:
            if tuple(known) != asked:
                raise BodyMismatch("Another settlement has this id.", field="id")
            return get_settlement(statement.organisation_id, statement.id)
        entity = run(_ENTITY, [statement.entity_id]).fetchone()
        if entity is None:
            raise Invalid("There is no such entity.", field="entity")
        _pay(statement, entity[0], entity[1], actor)
        return get_settlement(statement.organisation_id, statement.id)


def _pay(statement: Statement, currency: str, zone: str, actor: Actor) -> None:
    moment = now()
    today = business_date(moment, zone)
    if statement.until > today:
        raise Invalid("The period has not ended.", field="until")
    which = (statement.organisation_id, statement.entity_id, currency, statement.until)
    sums = run(_TAKE, which).fetchall()[0]
    owed = sums[-1]
    if owed <= 0:
        raise NothingOwed("No more was earned than came back: it goes into the next settlement.", field="until")
    run(
        _SETTLE,
        [statement.id, *which, *sums, moment, today, actor.id],
    )
    if run(_MARK, [statement.id, *which]).rowcount != sums[0]:
        raise RuntimeError("what is owed changed while it was settled: nothing was written")
    account = account_of(statement.organisation_id)
    postings = ((account, owed), (ledger.BANK, -owed))
    entry = ledger.Entry(
        statement.id, statement.entity_id, None, currency, today, moment, "settlement", statement.id, postings
    )
    ledger.post([entry])
    detail = {"partner": str(statement.organisation_id), "until": statement.until.isoformat(), "owed": owed}
    trail(actor, "consignment.settle", statement.id, detail=detail)
    publish([Event(SETTLED, statement.id, None, statement.entity_id, {"settlement": str(statement.id)})])
