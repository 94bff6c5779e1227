"""From a folder to typed rows: files are opened, cells are read, and what cannot be taken is named."""

from storeline.exchange.reading.cells import typed
from storeline.exchange.reading.folder import Found, Trouble, find, open_folder, tell
from storeline.exchange.reading.raw import read

__all__ = ["Found", "Trouble", "find", "open_folder", "read", "tell", "typed"]
