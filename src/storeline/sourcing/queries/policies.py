"""How a channel's orders are weighed, and what receiving costs."""

from __future__ import annotations

from dataclasses import dataclass, fields

from storeline.kernel.api import NotFound, Pending, Row, later, run
from storeline.sourcing.domain.costs import Policy
from storeline.sourcing.domain.ways import Terms

COSTS = tuple(field.name for field in fields(Policy) if field.name != "ref")
TERMS = tuple(field.name for field in fields(Terms))
MARGIN_SHARE = 250
"""What a lost sale costs, in thousandths of the price, where no policy says: invented, of a grocer's gross margin's size."""
COLUMNS = ("ref", *COSTS, *TERMS, "channel", "live", "margin_share")
_LIVE = f"""
SELECT {", ".join(COLUMNS)} FROM sourcing_policy
WHERE live AND (channel = %s OR channel IS NULL) ORDER BY channel NULLS LAST LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy as it is kept; `live` ones are used for their channel (None: for all that have none of their own)."""

    policy: Policy
    terms: Terms
    channel: str | None = None
    live: bool = False
    margin_share: int = MARGIN_SHARE

    @property
    def values(self) -> list[object]:
        """Its columns, as in `COLUMNS`."""
        costs = [getattr(self.policy, name) for name in COSTS]
        terms = [getattr(self.terms, name) for name in TERMS]
        return [self.policy.ref, *costs, *terms, self.channel, self.live, self.margin_share]


DEFAULT = PolicyRow(Policy(), Terms())


def gather_policy(channel: str) -> Pending[PolicyRow]:
    """The live policy of a channel, else of all, else the program's own; in the caller's pipeline."""
    return later(_LIVE, [channel], lambda rows: row_of(rows[0]) if rows else DEFAULT)


def row_of(row: Row) -> PolicyRow:
    """A row of `COLUMNS`."""
    end = 1 + len(COSTS)
    return PolicyRow(Policy(*row[:end]), Terms(*row[end : end + len(TERMS)]), *row[end + len(TERMS) :])


def get_policy(ref: str) -> PolicyRow:
    """One policy; `default` is there even where nobody has set it. Raises NotFound."""
    row = run(f"SELECT {', '.join(COLUMNS)} FROM sourcing_policy WHERE ref = %s", [ref]).fetchone()
    if row is None and ref == DEFAULT.policy.ref:
        return DEFAULT
    if row is None:
        raise NotFound(f"There is no policy {ref[:40]}.")
    return row_of(row)


def live_policies() -> list[PolicyRow]:
    """What is live: first what counts for every channel without its own (the program's own where nobody set one), then by channel."""
    rows = run(f"SELECT {', '.join(COLUMNS)} FROM sourcing_policy WHERE live ORDER BY channel NULLS FIRST")
    found = [row_of(row) for row in rows]
    return found if found and found[0].channel is None else [DEFAULT, *found]


def list_policies(*, after: str = "", limit: int = 100) -> list[PolicyRow]:
    """Policies by ref, after one of them."""
    sql = f"SELECT {', '.join(COLUMNS)} FROM sourcing_policy WHERE ref > %s ORDER BY ref LIMIT %s"
    return [row_of(row) for row in run(sql, [after, limit])]
