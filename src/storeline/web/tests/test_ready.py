"""What is done before the first visitor."""

from __future__ import annotations

import pytest

from storeline.web import ready


def test_what_fails_keeps_nothing_else_from_being_done(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[int] = []
    monkeypatch.setattr(ready, "_deeds", [lambda: done.append(1), lambda: 1 // 0, lambda: done.append(2)])
    ready.now()
    assert done == [1, 2]
    assert [one.message for one in caplog.records] == ["a first look failed"]
