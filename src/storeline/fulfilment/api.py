"""Everything that other modules may use of fulfilment."""

from storeline.fulfilment.commands.answer import answer, withdraw
from storeline.fulfilment.commands.cancel import cancel
from storeline.fulfilment.commands.finish import resume
from storeline.fulfilment.commands.hand_over import HandOver, hand_over
from storeline.fulfilment.commands.offer import offer
from storeline.fulfilment.commands.pick import pick, pick_all, pick_less, pick_more
from storeline.fulfilment.commands.ready import ready
from storeline.fulfilment.commands.renew import renew_code
from storeline.fulfilment.commands.tasks import open_tasks
from storeline.fulfilment.domain.picking import Picked, State, TaskLine
from storeline.fulfilment.domain.substitutes import Asked, Ranked, Reason, added_allergens, quantity_for
from storeline.fulfilment.errors import NoOffer, NoTask, NotOffered, NotPicked, OfferClosed, PickedTooMuch, TaskClosed
from storeline.fulfilment.events import ANSWERED, CANCELLED, HANDED_OVER, OFFERED, READY, UNPAID
from storeline.fulfilment.permissions import CANCEL as MAY_CANCEL
from storeline.fulfilment.permissions import HAND_OVER, PICK, RENEW, VIEW
from storeline.fulfilment.queries import (
    OfferView,
    Progress,
    ShortLine,
    Standing,
    TaskView,
    candidates,
    codes,
    get_task,
    list_tasks,
    offers_of,
    own_offers,
    picked_of,
    progress,
    short_line,
    standing,
    tasks_of,
)

__all__ = [
    "ANSWERED",
    "CANCELLED",
    "HANDED_OVER",
    "HAND_OVER",
    "MAY_CANCEL",
    "OFFERED",
    "PICK",
    "READY",
    "RENEW",
    "UNPAID",
    "VIEW",
    "Asked",
    "HandOver",
    "NoOffer",
    "NoTask",
    "NotOffered",
    "NotPicked",
    "OfferClosed",
    "OfferView",
    "Picked",
    "PickedTooMuch",
    "Progress",
    "Ranked",
    "Reason",
    "ShortLine",
    "Standing",
    "State",
    "TaskClosed",
    "TaskLine",
    "TaskView",
    "added_allergens",
    "answer",
    "cancel",
    "candidates",
    "codes",
    "get_task",
    "hand_over",
    "list_tasks",
    "offer",
    "offers_of",
    "open_tasks",
    "own_offers",
    "pick",
    "pick_all",
    "pick_less",
    "pick_more",
    "picked_of",
    "progress",
    "quantity_for",
    "ready",
    "renew_code",
    "resume",
    "short_line",
    "standing",
    "tasks_of",
    "withdraw",
]
