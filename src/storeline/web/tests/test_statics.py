"""Servers of one checkout that start together do not collect into each other's hands."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_django import Settings

from storeline.web import statics


def test_one_collects_and_the_others_wait_for_it(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    begun: list[str] = []
    ended: list[str] = []

    def collect(name: str, **_: object) -> None:
        begun.append(name)
        time.sleep(0.2)
        ended.append(name)

    monkeypatch.setattr(statics, "call_command", collect)

    def serve() -> list[str]:
        statics.collect()
        return list(ended)

    with ThreadPoolExecutor(4) as servers:
        found = [server.result() for server in [servers.submit(serve) for _ in range(4)]]
    assert begun == ["collectstatic"]
    assert found == [["collectstatic"]] * 4, "nobody goes on before the files are there"
