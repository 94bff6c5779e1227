"""What people call an order."""

from uuid import UUID

from storeline.orders.api import order_number


def test_people_call_an_order_by_the_end_of_its_id() -> None:
    assert order_number(UUID("01890a5d-ac96-774b-bcce-b302099a8057")) == "9A8057"
