"""What must balance in capacity."""

from __future__ import annotations

from storeline.kernel.api import SHOWN, CheckResult, check, run

_SLOTS = """
SELECT count(*) OVER (), s.id, s.held, coalesce(b.units, 0)
FROM capacity_slot s
LEFT JOIN (
    SELECT slot_id, sum(units) AS units FROM capacity_booking WHERE state IN ('held', 'settled') GROUP BY slot_id
) AS b ON b.slot_id = s.id
WHERE s.held <> coalesce(b.units, 0)
ORDER BY s.id LIMIT %s
"""
_LOST = """
SELECT count(*) OVER (), b.source_id FROM capacity_booking b
WHERE NOT EXISTS (SELECT FROM capacity_slot s WHERE s.id = b.slot_id)
ORDER BY b.source_id LIMIT %s
"""


@check("capacity.slots", "what each slot holds is the sum of its live bookings")
def slots() -> CheckResult:
    wrong = run(_SLOTS, [SHOWN]).fetchall()
    lost = run(_LOST, [SHOWN]).fetchall()
    checked = run("SELECT count(*) FROM capacity_slot").fetchall()[0][0]
    words = [f"slot {slot} holds {held}, its bookings say {units}" for _, slot, held, units in wrong]
    words += [f"the booking of {source} names a slot that is not there" for _, source in lost]
    return CheckResult(checked, tuple(words), sum(rows[0][0] for rows in (wrong, lost) if rows))
