"""A sale's whole life in any order of steps: what the shopper pays, what they get back, and the books agree throughout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from storeline.aftersales import api as aftersales
from storeline.aftersales.api import ReturnLine
from storeline.aftersales.tests.factories import differences, read_events, taken
from storeline.fulfilment import api as fulfilment
from storeline.fulfilment.tests.factories import picks, to_pick
from storeline.kernel.api import SYSTEM, new_id, now, run, transaction
from storeline.orders import api as orders
from storeline.orders.tests.factories import Shop, shop
from storeline.payments import api as payments
from storeline.payments.api import Offer

CARD = Offer("sandbox_card", token="tok_approve")
WAYS_TO_PAY = (
    (CARD,),
    (Offer("cash"),),
    (Offer("cash", 100), CARD),
    (Offer("sandbox_card", 100, token="tok_approve"), CARD),
    (Offer("sandbox_card", token="tok_refund_decline"),),
)
CONSUMERS = ("fulfilment.tasks", "fulfilment.money", "aftersales.refunds", "fiscal.receipts", "fiscal.return_receipts")
HALVES = st.integers(0, 6).map(lambda halves: halves * 500)


def stands() -> dict[str, int]:
    """What stands on each account, zeros included for those ever used."""
    return dict(run("SELECT account, sum(amount)::bigint FROM ledger_posting GROUP BY 1").fetchall())


class Sale(RuleBasedStateMachine):
    """One order of two lines, from the basket until its goods are back."""

    here: ClassVar[Shop]

    def __init__(self) -> None:
        super().__init__()
        self.before = stands()
        self.ordered: list[int] = []
        self.back = [0, 0]
        self.state = ""
        self.order = new_id()

    def teardown(self) -> None:
        """Whatever was left out is done: in the end nobody owes anybody anything."""
        if self.state == "picking":
            self.pick([3_000, 3_000])
            self.make_ready()
        if self.state == "ready":
            self.hand_over()
        if self.state == "completed":
            self.bring_back([6_000, 6_000])
        self.pay_what_is_owed()
        moved = {
            account: amount for account, amount in self.moved().items() if account not in {"cash", "card_clearing"}
        }
        assert moved == {}
        assert sum(self.moved().values()) == 0
        assert differences() == []

    def moved(self) -> dict[str, int]:
        """What this sale changed on each account."""
        after = stands()
        changes = {account: amount - self.before.get(account, 0) for account, amount in after.items()}
        return {account: amount for account, amount in changes.items() if amount}

    def kept(self) -> Iterator[orders.OrderLine]:
        return iter(orders.lines([self.order]).result()[self.order])

    def paid(self) -> tuple[payments.Payment, ...]:
        return payments.payments_of([self.order])[self.order]

    @initialize(units=st.lists(st.integers(1, 3), min_size=2, max_size=2), pay=st.sampled_from(WAYS_TO_PAY))
    def place(self, units: list[int], pay: tuple[Offer, ...]) -> None:
        self.order = to_pick(self.here, units, payments=pay)
        self.ordered = [one * 1000 for one in units]
        self.state = "picking"

    @precondition(lambda self: self.state == "picking")
    @rule(found=st.lists(HALVES, min_size=2, max_size=2))
    def pick(self, found: list[int]) -> None:
        wanted = [min(some, ordered) for some, ordered in zip(found, self.ordered, strict=True)]
        fulfilment.pick(picks(self.order, *wanted), actor=SYSTEM)

    @precondition(lambda self: self.state == "picking")
    @rule()
    def make_ready(self) -> None:
        task = fulfilment.get_task(self.order)
        if any(line.picked is None for line in task.lines):
            return
        nothing = not any(line.picked for line in task.lines)
        assert fulfilment.ready([self.order], actor=SYSTEM) == {self.order: "cancelled" if nothing else "ready"}
        self.state = "cancelled" if nothing else "ready"

    @precondition(lambda self: self.state == "ready")
    @rule()
    def hand_over(self) -> None:
        fulfilment.hand_over(list(fulfilment.codes([self.order]).items()), actor=SYSTEM)
        self.state = "completed"

    @precondition(lambda self: self.state in {"picking", "ready"})
    @rule()
    def cancel(self) -> None:
        fulfilment.cancel([self.order], reason="changed_mind", actor=SYSTEM)
        self.state = "cancelled"

    @precondition(lambda self: self.state == "completed")
    @rule(some=st.lists(HALVES, min_size=2, max_size=2))
    def bring_back(self, some: list[int]) -> None:
        left = [line.kept_quantity - back for line, back in zip(self.kept(), self.back, strict=True)]
        take = [min(one, rest) for one, rest in zip(some, left, strict=True)]
        lines = [ReturnLine(one, line_no) for line_no, one in enumerate(take, 1) if one]
        if lines:
            aftersales.return_goods(taken(self.here, self.order, *lines), actor=SYSTEM)
        self.back = [back + one for back, one in zip(self.back, take, strict=True)]

    @precondition(lambda self: self.state != "")
    @rule()
    def pay_what_is_owed(self) -> None:
        read_events(*CONSUMERS)
        for one in payments.list_owed(limit=200):
            if one.source_id == self.order:
                payments.repay(
                    payments.Repayment(new_id(), one.intent_id, one.key, "cash", self.here.place), actor=SYSTEM
                )
        assert "refunds_payable" not in self.moved()

    @precondition(lambda self: self.state != "")
    @rule(kind=st.sampled_from(["capture", "refund"]))
    def take_too_much(self, kind: str) -> None:
        """Neither more than was authorised nor more than came in, whatever the state."""
        for one in self.paid():
            room = one.authorised - one.captured - one.voided if kind == "capture" else one.refundable
            wanted = payments.OperationRequest(one.id, kind, "too much", room + 1)  # type: ignore[arg-type]
            with transaction():
                (verdict,) = payments.request([wanted], at=now())
            assert verdict.code == "no_room"

    @precondition(lambda self: self.state == "completed")
    @rule(line=st.integers(1, 2))
    def bring_back_too_much(self, line: int) -> None:
        left = list(self.kept())[line - 1].kept_quantity - self.back[line - 1]
        with pytest.raises((aftersales.TooMuchReturned, aftersales.BadReturn)):
            aftersales.return_goods(taken(self.here, self.order, ReturnLine(left + 1, line)), actor=SYSTEM)

    @invariant()
    def money_is_where_it_belongs(self) -> None:
        """payable = total - funded = the payments' sum, for what is kept, and the accounts say the same."""
        if not self.state:
            return
        read_events(*CONSUMERS)
        moved = self.moved()
        kept = sum(line.kept_amount + line.kept_tax - line.kept_funded for line in self.kept())
        net = sum(one.captured - one.refunded for one in self.paid())
        owed = -moved.get("refunds_payable", 0)
        held = moved.get("cash", 0) + moved.get("card_clearing", 0)
        earned = -moved.get("sales", 0) - moved.get("tax_payable", 0)
        deposits = -moved.get("customer_deposits", 0)
        assert held == earned + deposits + owed
        if self.state == "ready":
            assert (net, deposits, earned, owed) == (kept, kept, 0, 0)
        if self.state == "completed":
            returned = kept - earned
            assert deposits == 0
            assert sum(head.refunded for head in aftersales.list_returns(order_id=self.order)) == returned
        if self.state == "cancelled":
            assert (deposits, earned, held) == (0, 0, owed)
        assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_a_sale_agrees_with_its_money_in_every_order_of_steps():
    Sale.here = shop(products=2, units=100_000)
    run_state_machine_as_test(
        Sale,
        settings=settings(
            max_examples=10, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
