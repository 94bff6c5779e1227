"""What fulfilment does when time passes. It may be called at any time, by any number of workers."""

from __future__ import annotations

from storeline.fulfilment.commands.answer import expire_offers
from storeline.fulfilment.commands.finish import resume
from storeline.fulfilment.commands.late import put_off_all
from storeline.fulfilment.commands.parcels import send_back_unclaimed
from storeline.fulfilment.commands.proofs import forget_proofs
from storeline.fulfilment.commands.take_in import source_all_lost
from storeline.kernel.api import SYSTEM, job, now


@job(every=10)
def resume_captures() -> int:
    """Go on with orders whose money was asked for and never noted; how many."""
    return len(resume(now(), actor=SYSTEM))


@job(every=600)
def forget_signatures() -> int:
    """Forget who signed, once the address is forgotten or its time is over; how many."""
    return forget_proofs(now())


@job(every=60)
def return_unclaimed() -> int:
    """Send parcels back that nobody came for; how many."""
    total = 0
    while went := send_back_unclaimed(now()):
        total += went
    return total


@job(every=5)
def source_lost_supplies() -> int:
    """Look elsewhere for what was lost or broken between two places; for how many of these."""
    return source_all_lost()


@job(every=30)
def put_off_late_supplies() -> int:
    """Give a later time to orders that wait for goods which cannot be there in time any more; how many."""
    return put_off_all(now())


@job(every=5)
def expire_unanswered() -> int:
    """End offers whose shopper did not answer in time, and free what was held for them; of how many orders."""
    total = 0
    while ended := expire_offers(now()):
        total += ended
    return total
