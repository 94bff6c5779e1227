"""The whole year's real baskets through the live order path, then the audit."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.tools.harness import private_database


def main(_options: argparse.Namespace) -> dict[str, Any]:
    """Take in the master data and opening stock, replay the year with two processes, audit the books."""
    with tempfile.TemporaryDirectory() as name, private_database("replay"):
        from storeline.exchange import journey
        from storeline.exchange.importing import import_folder
        from storeline.exchange.replaying import replay_folder
        from storeline.kernel.api import CHECKS, SYSTEM

        folder, trade = Path(name, "master"), Path(name, "trade")
        journey.write_folder(folder, trade=False)
        journey.write_folder(trade, master=False)
        import_folder(folder, actor=SYSTEM)
        started = time.perf_counter()
        done = replay_folder(trade)
        seconds = time.perf_counter() - started
        wrong = [name for name, check in CHECKS.items() if not check.run().ok]
    return {
        "baskets": done["baskets"],
        "seconds": round(seconds, 2),
        "baskets_per_s": round(done["baskets"] / seconds, 1),
        "audit_ok": not wrong,
        "ok": not wrong and not done["refused"],
        "lines": done["lines"],
        "online": done["online"],
        "refused": done["refused"],
        "wrong": wrong,
        "notes": "master data, prices and opening stock imported before; every basket by orders.checkout, one in twenty "
        "online (reserved, authorised, picked, captured, collected); receipts issued; two processes, by place",
    }
