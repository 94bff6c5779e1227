"""Everything that other modules may use of fulfilment."""

from storeline.fulfilment.commands.cancel import cancel
from storeline.fulfilment.commands.finish import resume
from storeline.fulfilment.commands.hand_over import HandOver, hand_over
from storeline.fulfilment.commands.pick import pick, pick_all, pick_more
from storeline.fulfilment.commands.ready import ready
from storeline.fulfilment.commands.renew import renew_code
from storeline.fulfilment.commands.tasks import open_tasks
from storeline.fulfilment.domain import Picked, State, TaskLine
from storeline.fulfilment.errors import NoTask, NotPicked, PickedTooMuch, TaskClosed
from storeline.fulfilment.events import CANCELLED, HANDED_OVER, READY, UNPAID
from storeline.fulfilment.permissions import HAND_OVER, PICK, VIEW
from storeline.fulfilment.queries import Progress, TaskView, codes, get_task, list_tasks, progress, tasks_of

__all__ = [
    "CANCELLED",
    "HANDED_OVER",
    "HAND_OVER",
    "PICK",
    "READY",
    "UNPAID",
    "VIEW",
    "HandOver",
    "NoTask",
    "NotPicked",
    "Picked",
    "PickedTooMuch",
    "Progress",
    "State",
    "TaskClosed",
    "TaskLine",
    "TaskView",
    "cancel",
    "codes",
    "get_task",
    "hand_over",
    "list_tasks",
    "open_tasks",
    "pick",
    "pick_all",
    "pick_more",
    "progress",
    "ready",
    "renew_code",
    "resume",
    "tasks_of",
]
