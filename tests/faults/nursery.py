"""Where workers are born: a process that has loaded everything and forks for each job that it reads.

Loading takes seconds, a fork milliseconds. It opens no connection itself. Jobs come as JSON lines on
the standard input; the answer to each is the new process's id.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import traceback

import orjson

from tests.faults import judge, template, worker
from tests.faults.worker import Job

IMPORT_BATCH = 25
"""Documents in one transaction of an import: so few that a kill falls between two."""


def main() -> None:
    """Fork for each line until the input ends."""
    import django  # noqa: PLC0415  # the settings are named by the environment

    django.setup()
    import pandas  # noqa: F401, ICN001, PLC0415  # DuckDB loads it, and Arrow with it, at the first answer
    import pyarrow.dataset  # noqa: F401, PLC0415

    from storeline.config import api  # noqa: F401, PLC0415  # so that no child has to load it
    from storeline.config.work import due_jobs  # noqa: PLC0415  # needs the settings
    from storeline.exchange.importing import history  # noqa: PLC0415  # needs the settings
    from tests.faults import claims, clocks, deeds, rivals  # noqa: F401, PLC0415  # so that no child has to load it

    list(due_jobs())
    history.BATCH = IMPORT_BATCH
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # connections are lost here by the dozen
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead need no burial
    gc.collect()
    gc.freeze()  # else each child's first look for garbage copies all of this memory
    for line in sys.stdin.buffer:
        order = orjson.loads(line)
        child = os.fork()
        if not child:
            _live(order)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _live(order: dict[str, object]) -> None:
    """The child: it ends here, whatever happens."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(0)
    status = 1
    try:
        from django.db import connection  # noqa: PLC0415  # needs the settings

        from tests.faults import rivals  # noqa: PLC0415  # needs the settings

        job = Job(**order)  # type: ignore[arg-type]
        connection.settings_dict["NAME"] = job.database
        kinds = {"work": worker.work, "rival": rivals.compete, "judge": judge.judge, "template": template.build}
        kinds[job.what](job)
        connection.close()
        status = 0
    except BaseException:  # noqa: BLE001  # nobody above would say it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
