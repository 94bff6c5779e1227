"""Refusals of the catalogue.

NotFound 404
├── ProductNotFound
└── CategoryNotFound
"""

from storeline.kernel.api import NotFound


class ProductNotFound(NotFound):
    code = "product_not_found"
    title = "There is no such product"


class CategoryNotFound(NotFound):
    code = "category_not_found"
    title = "There is no such category"
