from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from storeline.catalog import api as catalog
from storeline.catalog.audit import search_index
from storeline.kernel.api import SYSTEM


@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_names_meet_without_harm() -> None:
    start = Barrier(4)

    def write(number: int) -> list[str]:
        try:
            start.wait()
            items = [{"ref": f"R{n}", "name": f"Milk {(n + number) % 3} Brand"} for n in range(20)]
            return [verdict.outcome for verdict in catalog.upsert_products(items[:: (-1) ** number], actor=SYSTEM)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(write, range(4)))
    assert sum(outcome == "created" for one in outcomes for outcome in one) == 20
    assert not any(outcome == "refused" for one in outcomes for outcome in one)
    result = search_index()
    assert (result.ok, result.checked) == (True, 20)
