"""Everything that a worker may do: each deed is planned at random, written down, then done; done again, it is the same."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.faults.deeds import goods, handing, moving, rejecting, trading
from tests.faults.deeds.world import World
from tests.faults.logbook import Answer, Spec

Plan = Callable[[World, Random], Spec | None]
Do = Callable[[Spec], Answer]

DEEDS: dict[str, tuple[int, Plan, Do]] = {
    # name: weight, plan (None: there is nothing to do it with), do
    "online": (6, trading.plan_online, trading.do_checkout),
    "till_batch": (4, trading.plan_till_batch, trading.do_place),
    "till_card": (2, trading.plan_till_card, trading.do_checkout),
    "hold_slot": (2, trading.plan_hold_slot, trading.do_hold_slot),
    "cancel": (2, trading.plan_cancel, trading.do_cancel),
    "pick": (3, handing.plan_pick, handing.do_pick),
    "ready": (4, handing.plan_ready, handing.do_ready),
    "hand_over": (4, handing.plan_hand_over, handing.do_hand_over),
    "reject": (4, rejecting.plan_reject, rejecting.do_reject),
    "supply": (4, rejecting.plan_supply, rejecting.do_supply),
    "give_up": (1, handing.plan_give_up, handing.do_give_up),
    "return": (3, handing.plan_return, handing.do_return),
    "receive": (1, goods.plan_receive, goods.do_receive),
    "adjust": (1, goods.plan_adjust, goods.do_adjust),
    "count": (1, goods.plan_count, goods.do_count),
    "send": (2, moving.plan_send, moving.do_send),
    "arrive": (2, moving.plan_arrive, moving.do_arrive),
    "call_off": (1, moving.plan_call_off, moving.do_call_off),
    "hold": (3, goods.plan_hold, goods.do_hold),
    "let_go": (1, goods.plan_let_go, goods.do_let_go),
    "pump": (6, goods.plan_nothing, goods.do_pump),
    "jobs": (1, goods.plan_nothing, goods.do_jobs),
    "import": (0, goods.plan_import, goods.do_import),
}


def choose(world: World, chance: Random, weights: dict[str, int] | None = None) -> Spec:
    """Some deed, with all that its repetition needs."""
    chances = {name: weight for name, (weight, _, _) in DEEDS.items()} | (weights or {})
    while True:
        (name,) = chance.choices(list(chances), list(chances.values()))
        spec = DEEDS[name][1](world, chance)
        if spec is not None:
            return {"do": name, **spec}


def do(spec: Spec) -> Answer:
    """Do it, or do it again."""
    return DEEDS[spec["do"]][2](spec)
