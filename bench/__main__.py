"""`python -m bench NAME [--json] [--seconds N] [--clients N] …`: run one benchmark.

With `--json` the last line printed is one JSON object. Exits 1 if the benchmark could not measure.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in HERE.glob("[a-z]*.py"))


def main() -> None:
    """Parse, run in a private database, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=[*NAMES, "all"])
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument("--seconds", type=float, default=None)
    parser.add_argument("--clients", type=int, default=None)
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--queries", type=Path, default=None, help="search: a CSV with columns query, product")
    parser.add_argument("--write", type=Path, default=None, help="faults: the page to write the result to")
    parser.add_argument("--here", action="store_true", help="pages: of the demo in DATABASE_URL, as it stands there")
    parser.add_argument("--instance", type=Path, default=None)
    options = parser.parse_args()
    if options.name == "all":
        sys.exit(_all())
    try:
        figures = import_module(f"bench.{options.name}").main(options)
    except Exception:  # whatever broke, nothing was measured
        traceback.print_exc()
        sys.exit(1)
    gc.unfreeze()  # what a bench froze ends as everything does, without a library's word about it
    figures |= {"machine": _machine(), "commit": _commit()}
    if options.json:
        print(json.dumps(figures, default=str))
    else:
        for key, value in figures.items():
            print(f"{key:24} {value}")
    sys.exit(0 if figures.get("ok", True) else 1)


def _all() -> int:
    """Every benchmark in a process of its own, one after the other; 1 if one could not measure."""
    failed = 0
    for name in NAMES:
        print(f"== {name}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", "bench", name, "--json"], check=False).returncode
    return min(failed, 1)


def _machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cores": len(os.sched_getaffinity(0)), "memory_gib": round(memory / 2**30, 1)}


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
