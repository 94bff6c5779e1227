"""Every lock that a return takes, in the one order that all of Storeline keeps (see orders/locks.py).

1. the order, by id             `orders.api.lock`: returns of one sale come one after the other
4. stock, by (place, product)   `stock.api.lock`
5. payments, by id              `payments.api.request`

A shopper's request to bring goods back locks the order alone: requests and returns of one sale come one after the other,
so that no unit is asked for twice. Its own row is closed by a guarded update.

Who tells of a recall takes turns by an advisory lock of that recall, and locks no row.

A return without its sale locks no row of its own: its id is the primary key that the second of two twins runs into.
"""
