"""The demo retailer: dunnhumby's Complete Journey, written in the import format of docs/import.md.

Trade is real; places, names, bar codes, offers' names and stock are invented. docs/journey.md says how each is made.
"""

from storeline.exchange.journey.baskets import Basket, Discount, Line, baskets
from storeline.exchange.journey.write import Written, write_folder

__all__ = ["Basket", "Discount", "Line", "Written", "baskets", "write_folder"]
