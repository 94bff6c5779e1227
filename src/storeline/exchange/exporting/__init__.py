"""Give everything back in the import format: what is exported, imported into an empty database, is the same again."""

from storeline.exchange.exporting.run import export_folder

__all__ = ["export_folder"]
