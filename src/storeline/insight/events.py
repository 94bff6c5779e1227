"""Facts that insight publishes.

insight.folded   figures were made anew; `subject_id` names the fold

Payload: days (how many places' days). Whoever shows figures asks for them again.
"""

from __future__ import annotations

from typing import Final

FOLDED: Final = "insight.folded"
