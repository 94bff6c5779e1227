"""Where this installation lives on disk. Nothing here imports Django."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
"""The checkout."""

VAR = Path(os.environ.get("STORELINE_VAR") or ROOT / "var").resolve()
"""All that Storeline writes while it runs; `make clean` removes it."""

SYSTEM_STATE = Path("/var/lib/storeline")
"""Where root's own installations keep what an unprivileged server must reach."""
