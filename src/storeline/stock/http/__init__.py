"""Stock over HTTP. Quantities are decimal text in the product's unit. Shoppers see bands, staff exact numbers."""

from storeline.stock.http import goods, lots, owners, promise, recalls, transfers
from storeline.stock.http.router import router

__all__ = ["goods", "lots", "owners", "promise", "recalls", "router", "transfers"]
