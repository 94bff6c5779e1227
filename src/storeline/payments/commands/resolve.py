"""Find out what became of operations that have no answer: a partner was silent, or we were killed while asking."""

from __future__ import annotations

from datetime import datetime, timedelta

from storeline.kernel import api as kernel
from storeline.payments.commands.ask import query
from storeline.payments.commands.operate import carry_out, open_operations, perform_open, write_answers
from storeline.payments.commands.outcomes import Changed
from storeline.payments.commands.release import release
from storeline.payments.permissions import RESOLVE

GRACE = timedelta(seconds=30)
"""How old a pending operation must be before we take it that whoever asked is no longer there."""
LIMIT = 500
LONG = timedelta(days=30)
"""How long a released payment is looked after; partners let go of authorisations by themselves sooner."""

# In no order, so that operations which stay unknown for long cannot keep the others from their turn.
_ASKED = """WHERE (o.state = 'unknown' OR (o.state = 'pending' AND o.kind = 'authorise' AND o.at <= %s))
AND o.state IN ('pending', 'unknown') ORDER BY random() LIMIT %s"""
_UNSENT = """WHERE o.state = 'pending' AND o.state IN ('pending', 'unknown') AND o.kind <> 'authorise' AND o.at <= %s
ORDER BY random() LIMIT %s"""
# The yes came after the order was gone, whoever heard it.
_HELD = """
SELECT DISTINCT source_id FROM payments_intent
WHERE cancelled_at IS NOT NULL AND cancelled_at >= %s AND authorised > captured + voided
AND NOT EXISTS (SELECT FROM payments_operation WHERE intent_id = id AND key = 'release') LIMIT %s
"""


def resolve_unknown(
    now: datetime, *, actor: kernel.Actor, grace: timedelta = GRACE, limit: int = LIMIT
) -> list[Changed]:
    """Query what is unknown, send again what may never have been sent, and void late approvals of released payments.

    Returns, and publishes as `payments.*` events, what became known; orders confirm or cancel by those.
    Sending again is safe: the partner knows the operation by the same key.
    """
    actor.require(RESOLVE)
    asked = open_operations(_ASKED, [now - grace, limit])
    changed = write_answers(asked, query([(code, one) for code, one, _ in asked], now))
    changed += carry_out(open_operations(_UNSENT, [now - grace, limit]))
    late = [row[0] for row in kernel.run(_HELD, [now - LONG, limit]).fetchall()]
    if late:
        with kernel.transaction(), kernel.pipeline():
            release(late, at=now)
        changed += perform_open(late)
    return changed
