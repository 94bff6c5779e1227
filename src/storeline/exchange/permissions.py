"""What may be done at the door for data."""

from storeline.kernel.api import permission

IMPORT = permission("exchange.import", "Import and export the retailer's data")
