"""Refusals of the door for data.

Invalid 422
└── NoFolder          there is nothing to import there
Conflict 409
└── ImportRunning     another import is at work
"""

from storeline.kernel.api import Conflict, Invalid


class NoFolder(Invalid):
    code = "no_folder"
    title = "There is nothing to import there"


class ImportRunning(Conflict):
    code = "import_running"
    title = "Another import is at work"
