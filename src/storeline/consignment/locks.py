"""The one lock of consignment: settlements of a partner take turns, so that no line is paid twice."""

from __future__ import annotations

from uuid import UUID

from storeline.kernel.api import run

_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('consignment.settle', %s))"


def take_turn(organisation_id: UUID) -> None:
    """Wait until nobody else settles with this partner; held until the transaction ends. Taken before anything else."""
    run(_TURN, [organisation_id.int >> 65])
