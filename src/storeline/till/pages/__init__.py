"""The till's pages: sell, take money, print, take back. Keyboard, scanner and finger alike."""

from storeline.till.pages import changes, opening, pay, receipt, returns, sale, scan, today, unreceipted
from storeline.till.pages.shared import pages

__all__ = ["changes", "opening", "pages", "pay", "receipt", "returns", "sale", "scan", "today", "unreceipted"]
