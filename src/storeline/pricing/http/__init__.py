"""Prices, tax rates and promotions over HTTP."""

from ninja import Router

from storeline.pricing.http import prices, promotions

router = Router()
router.add_router("", prices.router)
router.add_router("", promotions.router)
