"""Statements of a pipeline go together, at its end, and hot paths keep their plans."""

from __future__ import annotations

import pytest
from psycopg.errors import DivisionByZero

from storeline.kernel.api import pipeline, run, transaction


def _mode() -> str:
    row = run("SELECT current_setting('plan_cache_mode')").fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_before_the_end() -> None:
    with transaction(), pipeline():
        first, second = run("SELECT 1"), run("SELECT 2")
        assert first.pgresult is second.pgresult is None
    assert (first.fetchone(), second.fetchone()) == ((1,), (2,))


@pytest.mark.django_db(transaction=True)
def test_a_result_may_be_asked_for_before_the_end() -> None:
    with transaction(), pipeline():
        assert run("SELECT 1").fetchone() == (1,)
        second = run("SELECT 2")
    assert second.fetchone() == (2,)


@pytest.mark.django_db(transaction=True)
def test_a_set_larger_than_any_buffer_goes_through() -> None:
    texts = ["x" * 1000] * 5000
    with transaction(), pipeline():
        answers = [run("SELECT array_length(%s::text[], 1), %s::text[]", [texts, texts]) for _ in range(3)]
    assert [answer.fetchall() for answer in answers] == [[(5000, texts)]] * 3


@pytest.mark.django_db(transaction=True)
def test_an_error_ends_the_pipeline_and_the_connection_goes_on() -> None:
    def divide() -> None:
        with transaction(), pipeline():
            run("SELECT 1 / 0")
            run("SELECT 1")

    with pytest.raises(DivisionByZero):
        divide()
    assert run("SELECT 1").fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_a_hot_transaction_keeps_its_plans_and_no_longer_than_itself() -> None:
    with transaction(keep_plans=True):
        with pipeline():
            run("SELECT 1")
        assert _mode() == "force_generic_plan"
    with transaction():
        with pipeline():
            run("SELECT 1")
        assert _mode() == "auto"
