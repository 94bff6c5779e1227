"""Logs are JSON, a line each, and repeat nobody's data."""

import logging

import orjson
import pytest

from storeline.config.logs import JsonFormatter


def _fail() -> None:
    raise ValueError("Key (email)=(someone@example.org) already exists")


def test_an_exceptions_text_is_left_out() -> None:
    with pytest.raises(ValueError, match="example") as caught:
        _fail()
    record = logging.LogRecord("storeline", logging.ERROR, "x.py", 1, "it %s", ("failed",), caught._excinfo)
    record.job = "stock.expire"
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert "example.org" not in text
    line = orjson.loads(text)
    assert (line["level"], line["text"], line["error"]) == ("error", "it failed", "builtins.ValueError")
    assert line["job"] == "stock.expire"
    assert line["stack"][-1].endswith("_fail")


def test_a_request_object_is_not_written() -> None:
    record = logging.makeLogRecord({"msg": "refused", "request": object(), "status_code": 500})
    line = orjson.loads(JsonFormatter().format(record))
    assert "request" not in line
    assert line["status_code"] == 500
