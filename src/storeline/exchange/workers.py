"""Work for several processes. Nothing here imports a model: a fresh process must set Django up first."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from typing import Any

import django

SHARES = 8
"""More than processes, so that none waits long for the last."""
_LISTEN_S = 0.5
_told: list[Queue[int]] = []


def replay_shares(
    folder: Path,
    processes: int,
    *,
    quote: bool,
    end: datetime | None,
    without: frozenset[str],
    progress: Callable[[int], None],
) -> list[Any]:
    """Replay `folder` by places, each share in time order; the counts of each. `progress` hears of baskets done."""
    context = get_context("spawn")
    told: Queue[int] = context.Queue()
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_start, initargs=(told,)) as pool:
        shares = [
            pool.submit(_replay_share, folder, share, quote=quote, end=end, without=without) for share in range(SHARES)
        ]
        pending = set(shares)
        while pending:
            _, pending = wait(pending, timeout=_LISTEN_S)
            progress(sum(_heard(told)))
        return [share.result() for share in shares]


def _heard(told: Queue[int]) -> Iterator[int]:
    while True:
        try:
            yield told.get_nowait()
        except Empty:
            return


def _start(told: Queue[int]) -> None:
    """A batch is a hundred thousand young objects that live as long as it does: looking through them for cycles took a third."""
    _told.append(told)
    django.setup()
    gc.freeze()
    gc.set_threshold(1_000_000)


def _replay_share(folder: Path, share: int, *, quote: bool, end: datetime | None, without: frozenset[str]) -> Any:
    from storeline.exchange.journey import baskets  # noqa: PLC0415  # needs Django
    from storeline.exchange.replaying import load_refs, replay  # noqa: PLC0415

    mine = (basket for basket in baskets(folder, share=(share, SHARES)) if basket.ref not in without)
    return replay(mine, load_refs(), quote=quote, end=end, progress=_told[0].put)
