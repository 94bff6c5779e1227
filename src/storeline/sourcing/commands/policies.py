"""What sourcing weighs for a channel."""

from __future__ import annotations

from dataclasses import replace

from storeline.kernel.api import Actor, Invalid, NotFound, new_id, run, trail, transaction
from storeline.sourcing.domain.costs import MOST_PLACES
from storeline.sourcing.errors import PolicyChanged, PolicyTaken
from storeline.sourcing.permissions import CONFIGURE
from storeline.sourcing.queries.policies import COLUMNS, COSTS, DEFAULT, TERMS, PolicyRow, gather_policy, get_policy

_REST = "UPDATE sourcing_policy SET live = false WHERE live AND channel IS NOT DISTINCT FROM %s AND ref <> %s"
_SET = f"""
INSERT INTO sourcing_policy ({", ".join(COLUMNS)}) VALUES ({", ".join(["%s"] * len(COLUMNS))})
ON CONFLICT (ref) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])}
"""
# One at a time: who lets a policy live has seen the one before it.
_TURN = "SELECT pg_advisory_xact_lock(hashtext('sourcing_policy'))"
MOST = 10**12


def set_policy(row: PolicyRow, *, actor: Actor) -> None:
    """Make or change a policy; a live one takes the place of the one that was live for its channel."""
    actor.require_everywhere(CONFIGURE)
    check_policy(row)
    with transaction():
        run(_TURN)
        _write(row, actor)


def let_live(row: PolicyRow, *, instead_of: PolicyRow, actor: Actor) -> None:
    """Let a new policy live for its channel in place of the one that was seen there; a repeat changes nothing.

    Raises PolicyChanged where something else is live meanwhile, PolicyTaken where another policy has its ref.
    """
    actor.require_everywhere(CONFIGURE)
    check_policy(row)
    with transaction():
        run(_TURN)
        live = gather_policy(row.channel or "").result()
        if live == row:
            return
        if live != instead_of:
            raise PolicyChanged("Another policy went live meanwhile.", policy=live.policy.ref)
        try:
            taken = get_policy(row.policy.ref)
        except NotFound:
            taken = row
        if row.policy.ref == DEFAULT.policy.ref or replace(taken, live=True) != row:
            raise PolicyTaken("Another policy has this name.", field="ref")
        _write(row, actor)


def _write(row: PolicyRow, actor: Actor) -> None:
    if row.live:
        run(_REST, [row.channel, row.policy.ref])
    run(_SET, row.values)
    trail(actor, "sourcing.set_policy", new_id(), detail={"ref": row.policy.ref, "live": row.live})


def check_policy(row: PolicyRow) -> None:
    """Raise Invalid, naming the field, for a policy that cannot be."""
    if not row.policy.ref:
        raise Invalid("A policy has a ref.", field="ref")
    if not 1 <= row.policy.most_places <= MOST_PLACES:
        raise Invalid(f"An order comes from 1 to {MOST_PLACES} places.", field="most_places")
    if row.policy.parcel_grams <= 0:
        raise Invalid("A parcel holds something.", field="parcel_grams")
    for name in (*COSTS, *TERMS):
        value = getattr(row.policy, name) if name in COSTS else getattr(row.terms, name)
        if not 0 <= value <= MOST:
            raise Invalid("It is not below 0, nor beyond all measure.", field=name)
    if not 0 <= row.margin_share <= 1_000:  # noqa: PLR2004  # thousandths
        raise Invalid("A share is 0 to 1000 thousandths.", field="margin_share")
