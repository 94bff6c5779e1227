"""Reads the event log for all who listen in this process: one query a second, and none while nobody listens."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from storeline.kernel.api import News, Position, news_end, news_since
from storeline.web import metrics
from storeline.web.live.hub import Hub

PAUSE_S = 1.0
REST_S = 2.0
"""How long a database is let be that did not answer."""
LINGER = 15
"""How many rounds it goes on after the last one left: pages come and go."""
_BATCH = 1_000
_ROUNDS = 5
"""How many full batches are read in a row. Who is further behind is told that anything may have changed."""
_log = logging.getLogger("storeline.live")


async def read(hub: Hub) -> None:
    """Read until nobody has listened for a while."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "live") as thread:  # one thread, and so one connection
        idle = 0
        while idle < LINGER:
            try:
                await _round(hub, loop, thread)
            except Exception as error:  # noqa: BLE001  # whatever it is, those who listen must not go deaf
                _log.warning("the log was not read", exc_info=error)
                await loop.run_in_executor(thread, _close)
                await asyncio.sleep(REST_S)
            await asyncio.sleep(PAUSE_S)
            idle = 0 if hub.listeners else idle + 1
        hub.forget()
        thread.submit(_close)


async def _round(hub: Hub, loop: asyncio.AbstractEventLoop, thread: ThreadPoolExecutor) -> None:
    if hub.position is None:
        hub.begin(await loop.run_in_executor(thread, _end))
        return
    for _ in range(_ROUNDS):
        news = await loop.run_in_executor(thread, _since, hub.position)
        if news:
            hub.tell(news)
        if len(news) < _BATCH:
            return
    hub.begin(await loop.run_in_executor(thread, _end))


def _end() -> Position:
    metrics.LIVE_READS.inc()
    return news_end()


def _close() -> None:
    connection.close()


def _since(position: Position) -> list[News]:
    metrics.LIVE_READS.inc()
    return news_since(position, limit=_BATCH)
