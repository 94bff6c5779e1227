"""The audit: every module registers what must balance; one command runs all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SHOWN = 20
"""Differences beyond this many are counted, not listed."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check looked at and what it found wrong: `checked` things, `differences` in words.

    `wrong` is the number of differences where that is more than the listed ones.
    """

    checked: int
    differences: tuple[str, ...] = ()
    wrong: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not (self.differences or self.wrong)

    @property
    def count(self) -> int:
        return max(self.wrong, len(self.differences))


@dataclass(frozen=True, slots=True)
class Check:
    """A named thing that must hold: ``stock.balances``."""

    name: str
    words: str
    run: Callable[[], CheckResult]


CHECKS: dict[str, Check] = {}


def check(name: str, words: str) -> Callable[[Callable[[], CheckResult]], Callable[[], CheckResult]]:
    """Register an audit check under ``module.what``."""

    def register(run: Callable[[], CheckResult]) -> Callable[[], CheckResult]:
        if name in CHECKS:
            raise ValueError(f"two checks are called {name}")
        CHECKS[name] = Check(name, words, run)
        return run

    return register
