"""The audit's command: what it says and how it ends."""

from __future__ import annotations

import orjson
import pytest
from django.core.management import call_command

from storeline.kernel.api import run
from storeline.kernel.checks import Check, CheckResult

pytestmark = pytest.mark.django_db


def counted() -> CheckResult:
    return CheckResult(run("SELECT 7::int").fetchall()[0][0])


def wrong() -> CheckResult:
    return CheckResult(2, ("one is off",), 3)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    with pytest.raises(SystemExit) as ended:
        call_command("audit", *arguments)
    assert ended.value.code == 1
    return capsys.readouterr().out.splitlines()


def test_every_check_is_told_in_order_and_a_difference_ends_it_with_1(monkeypatch, capsys):
    made = {name: Check(name, name.upper(), deed) for name, deed in (("b.two", counted), ("a.one", wrong))}
    monkeypatch.setattr("storeline.kernel.management.commands.audit.CHECKS", made)
    assert said(capsys) == [
        f"FAIL {'a.one':32} {2:>10}  A.ONE",
        "     one is off",
        f"ok   {'b.two':32} {7:>10}  B.TWO",
        "The books do not balance.",
    ]
    told = orjson.loads(said(capsys, "--json")[-1])
    assert (told["ok"], told["checks"]["a.one"]["differences"], told["checks"]["b.two"]["checked"]) == (False, 3, 7)
    assert call_command("audit", "--only", "b") is None
