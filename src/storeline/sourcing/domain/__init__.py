"""Sourcing's rules: pure functions over plain data."""

from storeline.sourcing.domain.options import (
    AMBIENT_ONLY,
    Candidate,
    Code,
    Method,
    Option,
    ProductNeed,
    Reason,
    WantedLine,
    combine,
    keeps,
    obstacles,
    rank,
)

__all__ = [
    "AMBIENT_ONLY",
    "Candidate",
    "Code",
    "Method",
    "Option",
    "ProductNeed",
    "Reason",
    "WantedLine",
    "combine",
    "keeps",
    "obstacles",
    "rank",
]
