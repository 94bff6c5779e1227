"""That goods changed hands: written with the deed itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from storeline.fulfilment.domain.runs import Proof
from storeline.kernel.api import Actor, Conflict, run

_WRITE = """
INSERT INTO fulfilment_proof (id, subject_id, kind, how, name, drawing, place_id, actor_id, at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
_KNOWN = "SELECT subject_id FROM fulfilment_proof WHERE id = %s"


def is_known(proof: Proof, subject_id: UUID) -> bool:
    """Whether this very proof was taken before, which makes a repeat of it; raises Conflict where it is about another."""
    found = run(_KNOWN, [proof.id]).fetchone()
    if found is not None and found[0] != subject_id:
        raise Conflict("This proof is about something else.", field="id")
    return found is not None


def keep_proof(proof: Proof, subject_id: UUID, kind: str, place_id: UUID, moment: datetime, actor: Actor) -> None:
    """Write it in the caller's transaction; codes themselves are not kept."""
    signed = proof.how == "signature"
    values = (proof.name.strip() if signed else "", proof.drawing if signed else "")
    run(_WRITE, [proof.id, subject_id, kind, proof.how, *values, place_id, actor.id, moment])


KEPT_FOR = timedelta(days=60)
"""As long as an address: questions about a delivery come within that time."""
_FORGET = """
UPDATE fulfilment_proof p SET how = 'forgotten', name = '', drawing = ''
WHERE p.how = 'signature' AND (p.at < %s OR EXISTS (
    SELECT FROM orders_destination d WHERE d.order_id = p.subject_id AND d.forgotten_at IS NOT NULL
))
"""


def forget_proofs(moment: datetime) -> int:
    """Forget names and signatures whose time is over, or whose order's address was forgotten; how many."""
    return run(_FORGET, [moment - KEPT_FOR]).rowcount
