"""Take a folder of the import format in: read, stage, hand to the owners, report."""

from storeline.exchange.importing.report import Counts, Report
from storeline.exchange.importing.run import finished, import_folder

__all__ = ["Counts", "Report", "finished", "import_folder"]
