"""Stock over HTTP. Quantities are decimal text in the product's unit. Shoppers see bands, staff exact numbers."""

from storeline.stock.http import goods, lots, owners, promise, transfers
from storeline.stock.http.router import router

__all__ = ["goods", "lots", "owners", "promise", "router", "transfers"]
