"""Refusals of places.

NotFound 404
└── PlaceNotFound
"""

from storeline.kernel.api import NotFound


class PlaceNotFound(NotFound):
    code = "place_not_found"
    title = "There is no such place"
