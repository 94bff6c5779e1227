"""Facts that orders publish, about the order as `subject_id`.

orders.placed     it waits for a partner to authorise its payment
orders.confirmed  its money is sure; it may be picked
orders.amended    something was not found and taken off
orders.reslotted  it has another time
orders.completed  the goods were handed over, the sale is earned
orders.cancelled  it holds nothing any more
orders.recorded   a set of past orders was imported (`subject_id` names the set)

Payload: order, channel, method, served_by, state, total (minor units), currency. Of ``recorded``: orders (how many),
since, until (business days).
"""
