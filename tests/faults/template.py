"""The database that each round starts from."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.faults.shop import write_shop
from tests.faults.worker import Job

SLOT_ROOM = 3


def build(job: Job) -> None:
    """Migrate, take the shops in, make slots."""
    from django.core.management import call_command  # noqa: PLC0415  # needs the settings

    from storeline.capacity import api as capacity  # noqa: PLC0415  # needs the settings
    from storeline.exchange.importing import import_folder  # noqa: PLC0415  # needs the settings
    from storeline.kernel.api import SYSTEM, now, pump, run  # noqa: PLC0415  # needs the settings

    started = time.monotonic()
    call_command("migrate", verbosity=0, interactive=False)
    sys.stderr.write(f"migrated in {time.monotonic() - started:.1f} s\n")
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        write_shop(Path(name))
        errors = Path(name) / "errors"
        if import_folder(Path(name), actor=SYSTEM, errors=errors).errors:
            raise RuntimeError(errors.read_text())
    for row in run("SELECT id FROM places_place").fetchall():
        capacity.set_rule(capacity.Rule(row[0], "collect", 240, SLOT_ROOM, 0), actor=SYSTEM)
    capacity.generate(actor=SYSTEM, first=(now() + timedelta(days=1)).date(), days=2)
    if {row[0] for row in run("SELECT count(*) FROM capacity_slot GROUP BY place_id")} != {12}:
        raise RuntimeError("the slots are not those that the rounds count on")
    pump()
    run("ANALYZE")
    (Path(job.folder) / "template.done").touch()
