"""Progress bars for the door's long steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


@contextmanager
def bars(*, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """A function to tell of progress (what, done, of), one bar for each `what`; nothing is shown when `quiet`."""
    if quiet:
        yield lambda _what, _done, _of: None
        return
    tasks: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description:20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def step(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=None)
            progress.update(tasks[what], completed=done, total=of or None)

        yield step
