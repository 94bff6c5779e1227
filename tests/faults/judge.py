"""The end of a round: everything settles, the books are audited, the workers' logs are held against the tables."""

from __future__ import annotations

import traceback
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path

import orjson

from tests.faults.calls import read_calls
from tests.faults.linearizability import Call
from tests.faults.logbook import Entry, Logbook, Spec, read
from tests.faults.worker import Job, carry_out, patiently

LATER = timedelta(hours=12)
"""By then every reservation has expired and every partner has answered, whatever a worker's clock said."""
STEP = timedelta(minutes=10)
"""So much later jobs take up what they only let lie for a while."""
MOST_LISTED = 20
FINDINGS = ("lost", "doubled", "audit", "hanging", "broke", "deadlocks", "history")
"""What should be empty in a verdict."""
_HANGING = {
    "pending orders": "SELECT count(*) FROM orders_order WHERE state = 'pending'",
    "operations without an answer": """SELECT count(*), max(o.kind || ' ' || o.key || ' ' || o.state || ' ' || i.state ||
        ' ' || i.token_hint) FROM payments_operation o JOIN payments_intent i ON i.id = o.intent_id
        WHERE o.state IN ('pending', 'unknown')""",
    "tasks that wait for money": "SELECT count(*) FROM fulfilment_task WHERE state = 'capturing'",
    "pending refunds": "SELECT count(*) FROM aftersales_refund WHERE state = 'pending'",
    "orders without a task": """SELECT count(*) FROM orders_order o WHERE state = 'confirmed' AND method <> 'carry_out'
        AND NOT EXISTS (SELECT FROM fulfilment_task t WHERE t.order_id = o.id)""",
    "sales by card never completed": """SELECT count(*) FROM orders_order WHERE state = 'confirmed'
        AND method = 'carry_out'""",
    "events that a consumer has not read": """SELECT count(*) FROM kernel_checkpoint c WHERE EXISTS (
        SELECT FROM kernel_event e WHERE (e.xid, e.id) > (c.xid, c.event_id))""",
}


@dataclass(slots=True)
class Verdict:
    """What became of a round."""

    operations: int = 0
    objects: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    audit: list[str] = field(default_factory=list)
    hanging: list[str] = field(default_factory=list)
    broke: list[str] = field(default_factory=list)
    deadlocks: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    calls: int = 0
    unheard: int = 0
    cuts: int = 0
    jumps: int = 0
    repeats: int = 0
    deeds: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing at all was found."""
        return not any(getattr(self, kind) for kind in FINDINGS)


def judge(job: Job) -> None:
    """Finish, audit, compare; the verdict goes into ``verdict.json`` of the round's folder."""
    from tests.faults.claims import compare  # noqa: PLC0415  # needs the settings

    folder, verdict = Path(job.folder), Verdict()
    book = Logbook(job.log)
    for spec in _unheard(_all(folder)[0]):
        carry_out(book, spec)
    patiently(book, lambda: _settle(book))
    entries, notes = _all(folder)
    compare(entries, verdict)
    _audit(verdict)
    _examine(folder, job.database, verdict)
    _heed(notes, verdict)
    _tell(entries, verdict)
    partial = folder / "verdict.partial"
    partial.write_bytes(orjson.dumps(asdict(verdict)))
    partial.rename(folder / "verdict.json")


def _all(folder: Path) -> tuple[list[Entry], list[tuple[str, str]]]:
    entries: list[Entry] = []
    notes: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.log")):
        some, said = read(path)
        entries += some
        notes += said
    return entries, notes


def _examine(folder: Path, database: str, verdict: Verdict) -> None:
    """Whether what rivals were told can have happened one call at a time."""
    from tests.faults.rivals import examine  # noqa: PLC0415  # needs the settings

    calls: list[Call] = []
    for path in sorted(folder.glob("*.calls")):
        some, notes = read_calls(path)
        calls += some
        _heed(notes, verdict)
    report = examine(calls, database)
    verdict.calls, verdict.unheard = len(calls), report.unknown
    verdict.history = [str(violation) for violation in report.violations]


def _heed(notes: list[tuple[str, str]], verdict: Verdict) -> None:
    for what, text in notes:
        if what == "cut":
            verdict.cuts += 1
        elif what == "jump":
            verdict.jumps += 1
        else:
            (verdict.deadlocks if what == "deadlock" else verdict.broke).append(text)


def _tell(entries: list[Entry], verdict: Verdict) -> None:
    """How often each deed was begun, refused, brought again."""
    for entry in entries:
        name = entry.spec["do"]
        verdict.deeds[name] = verdict.deeds.get(name, 0) + 1
        if entry.answer and "error" in entry.answer:
            key = f"{name}: {entry.answer['error']}"
            verdict.refused[key] = verdict.refused.get(key, 0) + 1
    brought = [order["id"] for entry in entries for order in entry.spec.get("orders", ())]
    brought += [entry.spec["id"] for entry in entries if entry.spec["do"] == "return"]
    verdict.repeats = len(brought) - len(set(brought))


def _unheard(entries: list[Entry]) -> list[Spec]:
    """Deeds whose answer nobody heard, not even whoever did them again."""
    heard = [entry.spec for entry in entries if entry.answer is not None]
    return [entry.spec for entry in entries if entry.answer is None and entry.spec not in heard]


def _settle(book: Logbook) -> None:
    """Time passes: jobs run and consumers read until nothing moves."""
    from storeline.config.work import due_jobs  # noqa: PLC0415  # needs the settings
    from storeline.kernel.api import clock_at, now, pump  # noqa: PLC0415  # needs the settings
    from storeline.web.problems import AWAY  # noqa: PLC0415  # needs the settings

    pump()
    for step in range(3):
        with clock_at(now() + LATER + step * STEP):
            for name, job in due_jobs():
                try:
                    job()
                except AWAY:
                    raise
                except Exception:  # noqa: BLE001  # whatever it is, it is a finding
                    book.note("broke", f"{name}: {traceback.format_exc()[-1000:]}")
            pump()


def _audit(verdict: Verdict) -> None:
    from storeline.kernel.api import CHECKS, run  # noqa: PLC0415  # needs the settings

    for check in CHECKS.values():
        try:
            result = check.run()
        except Exception:  # noqa: BLE001  # a check that cannot run has not passed
            verdict.audit.append(f"{check.name}: {traceback.format_exc()[-1000:]}")
            continue
        verdict.audit += [f"{check.name}: {words}" for words in result.differences[:MOST_LISTED]]
        if result.wrong and not result.differences:
            verdict.audit.append(f"{check.name}: {result.wrong} differences")
    for what, sql in _HANGING.items():
        count, *example = run(sql).fetchall()[0]
        if count:
            verdict.hanging.append(f"{count} {what} {example or ''}")
