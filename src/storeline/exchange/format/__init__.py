"""What a folder of files may hold: every file and column, declared once.

The reader, the export and the tables in docs/import.md are all made from this declaration.
"""

from storeline.exchange.format.columns import Column, File, Kind
from storeline.exchange.format.history import HISTORY
from storeline.exchange.format.master import MASTER
from storeline.exchange.format.serving import SERVING

FILES: dict[str, File] = {file.name: file for file in (*MASTER, *SERVING, *HISTORY)}
"""Every file by name, in the order in which they are loaded: what is referred to comes first."""

__all__ = ["FILES", "HISTORY", "MASTER", "SERVING", "Column", "File", "Kind"]
