"""Statements of a pipeline go together, at its end, and hot paths keep their plans."""

from __future__ import annotations

import pytest
from django.db import connection
from psycopg import InterfaceError, OperationalError, ProgrammingError
from psycopg.errors import CheckViolation, DivisionByZero

from storeline.kernel import pipe
from storeline.kernel.api import Compiled, pipeline, raw, run, transaction, waits
from storeline.kernel.pipe import Answer


def _mode() -> str:
    row = run("SELECT current_setting('plan_cache_mode')").fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.django_db(transaction=True)
def test_all_of_it_is_one_wait() -> None:
    with transaction():
        run("SELECT 0")
        with waits() as count, pipeline():
            first, second = run("SELECT 1"), run("SELECT 2")
            assert count.waits == 0
        assert count.waits == 1
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


@pytest.mark.django_db(transaction=True)
def test_a_kept_plan_reads_no_table_whole_though_it_was_empty_when_it_was_made() -> None:
    sql = """
EXPLAIN UPDATE kernel_job j SET name = j.name FROM unnest(%s::text[]) AS k(name)
WHERE j.name = k.name AND j.name IN (SELECT unnest(%s::text[]))
"""
    with transaction(keep_plans=True):
        with pipeline():
            answer = run(sql, ["{a,b}", "{a,b}"])
        plan = "\n".join(row[0] for row in answer.fetchall())
    assert "Index" in plan
    assert not any(word in plan for word in ("Seq Scan on kernel", "Hash Join", "Merge"))


@pytest.mark.django_db(transaction=True)
def test_what_is_sent_by_other_ways_comes_after_what_was_queued() -> None:
    with transaction():
        run("CREATE TEMPORARY TABLE seen (n int) ON COMMIT DROP")
        with pipeline():
            run("INSERT INTO seen VALUES (%s)", [1])
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM seen")
                assert cursor.fetchone() == (1,)
            run("INSERT INTO seen VALUES (%(n)s), (%(n)s)", {"n": 2})
            assert raw().execute("SELECT count(*) FROM seen").fetchone() == (3,)
            changed = run("UPDATE seen SET n = n + 1 WHERE n %% 2 = 0")
        assert changed.rowcount == 2


@pytest.mark.django_db(transaction=True)
def test_a_block_inside_a_pipeline_that_breaks_takes_back_its_own_part_alone() -> None:
    def inside() -> None:
        with transaction():
            run("INSERT INTO seen VALUES (2)")
            run("INSERT INTO seen VALUES (0)")

    with transaction():
        run("CREATE TEMPORARY TABLE seen (n int CHECK (n > 0)) ON COMMIT DROP")
        with pipeline():
            run("INSERT INTO seen VALUES (1)")
            with pytest.raises(CheckViolation):
                inside()
            run("INSERT INTO seen VALUES (3)")
        assert run("SELECT n FROM seen ORDER BY n").fetchall() == [(1,), (3,)]


@pytest.mark.django_db(transaction=True)
def test_what_a_refused_block_had_queued_is_never_sent() -> None:
    def refused() -> None:
        with transaction():
            run("INSERT INTO seen VALUES (2)")
            raise LookupError

    run("CREATE TEMPORARY TABLE seen (n int)")
    with pipeline():
        run("INSERT INTO seen VALUES (1)")
        with pytest.raises(LookupError):
            refused()
        run("INSERT INTO seen VALUES (3)")
    assert run("SELECT n FROM seen ORDER BY n").fetchall() == [(1,), (3,)]
    run("DROP TABLE seen")


@pytest.mark.django_db(transaction=True)
def test_no_answer_is_not_an_empty_one() -> None:
    answers: list[Answer] = []

    def broken() -> None:
        with pipeline():
            answers.append(run("SELECT 1"))
            raise LookupError

    with transaction():
        with pytest.raises(LookupError):
            broken()
        with pytest.raises(InterfaceError, match="not executed"):
            answers[0].fetchall()


@pytest.mark.django_db(transaction=True)
def test_a_transaction_begins_with_its_first_statement() -> None:
    with waits() as count, transaction():
        run("SELECT 1")
        assert count.waits == 1
    assert count.waits == 2


@pytest.mark.django_db(transaction=True)
def test_what_stood_behind_an_error_is_prepared_when_it_comes_again() -> None:
    def divide() -> None:
        with transaction(), pipeline():
            run("SELECT 1 / %s::int", [0])
            run("SELECT %s::int + 40", [2])

    for _ in range(2):
        with pytest.raises(DivisionByZero):
            divide()
    with transaction(), pipeline():
        answer = run("SELECT %s::int + 40", [2])
    assert answer.fetchone() == (42,)


@pytest.mark.django_db(transaction=True)
def test_few_statements_stay_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "MOST_PREPARED", 3)
    for number in [*range(8), 0]:
        with transaction(), pipeline():
            answer = run(f"SELECT {number} + %s::int", [1])
        assert answer.fetchone() == (number + 1,)
    kept = run("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'storeline%%'").fetchone()
    assert kept == (3 + 2,), "and those of the last two sendings, which make room with the next"


@pytest.mark.django_db(transaction=True)
def test_a_lost_server_is_told_and_the_next_statement_finds_another() -> None:
    def leave() -> None:
        with transaction(), pipeline():
            run("SELECT 1")
            run("SELECT pg_terminate_backend(pg_backend_pid())")
            run("SELECT 2")

    with pytest.raises(OperationalError):
        leave()
    assert run("SELECT 1").fetchone() == (1,)


def test_as_many_parameters_as_are_asked_for() -> None:
    with pytest.raises(ProgrammingError, match="2 parameters are asked for, 1 given"):
        Compiled("SELECT %s, %s").values([1])
