"""The demo retailer: dunnhumby's Complete Journey, written in the import format of docs/import.md.

Trade is the data set's own; places, names, bar codes, offers' names and stock are invented. docs/journey.md says how each is made.
"""

from storeline.exchange.journey.baskets import Basket, Discount, Line, baskets, count_baskets
from storeline.exchange.journey.write import END, FIRST, Written, is_written, prepare, trade_folder, write_folder

__all__ = [
    "END",
    "FIRST",
    "Basket",
    "Discount",
    "Line",
    "Written",
    "baskets",
    "count_baskets",
    "is_written",
    "prepare",
    "trade_folder",
    "write_folder",
]
