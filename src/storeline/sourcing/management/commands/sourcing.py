"""`storeline sourcing what-if NAME=VALUE …`: recorded orders under another policy; `storeline sourcing values`: make values anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from storeline.kernel.api import Error, now
from storeline.sourcing.commands.policies import check_policy
from storeline.sourcing.commands.values import make_values
from storeline.sourcing.domain.costs import Policy
from storeline.sourcing.domain.whatif import Outcome
from storeline.sourcing.queries.kept import components, what_if
from storeline.sourcing.queries.policies import COSTS, PolicyRow, get_policy

_MINOR = 1_000


class Command(BaseCommand):
    help = "`what-if most_places=1 …` weighs recorded orders by another policy; `values` makes the worth of units anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["what-if", "values"])
        parser.add_argument("changes", nargs="*", metavar="NAME=VALUE", help=f"of {', '.join(COSTS)}")
        parser.add_argument("--against", default="default", help="the policy that is changed, and compared with")
        parser.add_argument("--days", type=float, default=28.0)
        parser.add_argument("--channel", default=None)
        parser.add_argument("--limit", type=int, default=1_000)

    def handle(self, *_: Any, **options: Any) -> None:
        if options["what"] == "values":
            self.stdout.write(f"{make_values():,} values changed.")
            return
        try:
            row = get_policy(options["against"])
            tried = _changed(row.policy, options["changes"])
            check_policy(PolicyRow(tried, row.terms))
        except Error as error:
            raise CommandError(f"{error.field or 'policy'}: {error.detail}") from error
        until = now() + timedelta(seconds=1)
        told = what_if(
            [row.policy, tried],
            until - timedelta(days=options["days"]),
            until,
            channel=options["channel"],
            limit=options["limit"],
        )
        self.stdout.write(f"{told.orders:,} recorded orders; costs in minor units")
        for line in _table(told.outcomes):
            self.stdout.write(line)


def _changed(policy: Policy, changes: Sequence[str]) -> Policy:
    values: dict[str, int] = {}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in COSTS or not text.lstrip("-").isdigit():
            raise CommandError(f"{change!r} is not one of {', '.join(COSTS)} with a whole number.")
        values[name] = int(text)
    return replace(policy, ref="tried", **values)


def _table(outcomes: Sequence[Outcome]) -> list[str]:
    rows: list[tuple[str, list[str]]] = [("policy", [one.policy.ref for one in outcomes])]
    rows += [
        (name, [f"{getattr(one, name):,}" for one in outcomes]) for name in ("served", "refused", "splits", "parcels")
    ]
    rows.append(("km", [f"{one.metres / 1_000:,.0f}" for one in outcomes]))
    for name in (*components(), "total"):
        rows.append((f"cost: {name}", [f"{getattr(one.costs, name) / _MINOR:,.0f}" for one in outcomes]))
    return [f"{name:16}" + "".join(f"{value:>16}" for value in values) for name, values in rows]
