"""Refusals of the door for data.

Invalid 422
├── NoFolder          there is nothing to import there
└── FolderNotEmpty    an export writes to a new folder only
Conflict 409
└── ImportRunning     another import is at work
"""

from storeline.kernel.api import Conflict, Invalid


class NoFolder(Invalid):
    code = "no_folder"
    title = "There is nothing to import there"


class FolderNotEmpty(Invalid):
    code = "folder_not_empty"
    title = "The folder is not empty"


class ImportRunning(Conflict):
    code = "import_running"
    title = "Another import is at work"
