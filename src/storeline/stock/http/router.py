"""One router for all of stock: an address whose methods stand in several files needs the same one."""

from ninja import Router

router = Router()
