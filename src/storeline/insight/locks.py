"""The one lock of insight: who makes figures anew takes turns, so that no two folds add the same cell to a sum."""

from __future__ import annotations

from storeline.kernel.api import run

_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('insight.fold', 0))"


def take_turn() -> None:
    """Wait until nobody else folds; held until the transaction ends. Taken before anything else."""
    run(_TURN)
