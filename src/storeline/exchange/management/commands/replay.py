"""`storeline replay [--days N | --since DATE --until DATE]`: real baskets through the live order path, in time order."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from storeline.exchange import journey, replay_choice, replay_end
from storeline.exchange.replaying import replay_folder
from storeline.kernel.api import stored_clock, time_zone

ZONE = "America/New_York"
NEXT_MORNING = time(9)
"""When the clock goes on: the shops are open, and last night's online orders wait to be picked."""


class Command(BaseCommand):
    help = (
        "Replay the demo retailer's real baskets through the live order path, and leave the clock on the morning after."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=7, help="the last so many days of the data")
        parser.add_argument("--since", type=date.fromisoformat, default=None)
        parser.add_argument("--until", type=date.fromisoformat, default=journey.END)
        parser.add_argument(
            "--open", metavar="SHOP", help="leave work of every kind at this shop, with some of its last baskets"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *_: Any, **options: Any) -> None:
        until: date = options["until"]
        since: date = options["since"] or until - timedelta(days=options["days"])
        end = datetime.combine(until, time.min, time_zone(ZONE))
        started = monotonic()
        folder = journey.trade_folder(Path(settings.VAR) / "journey", since, until)
        if not journey.is_written(folder):
            journey.write_folder(folder, since=since, until=until, master=False)
        chosen = replay_choice.choose(folder, options["open"], end) if options["open"] else None
        without = frozenset[str]() if chosen is None else chosen.refs
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, disable=options["json"], transient=True) as bar:
            task = bar.add_task("baskets", total=journey.count_baskets(folder))
            figures = replay_folder(
                folder, quote=True, end=end, without=without, progress=lambda count: bar.advance(task, count)
            )
        if not figures["baskets"] and figures["left_out"]:
            raise CommandError("None of its places is loaded: begin with `storeline load journey`.")
        figures["left_open"] = 0 if chosen is None else replay_end.leave_open(chosen)
        stored_clock.store(datetime.combine(until, NEXT_MORNING, time_zone(ZONE)))
        self._tell(figures | {"seconds": round(monotonic() - started, 2)}, as_json=options["json"])

    def _tell(self, figures: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(orjson.dumps(figures).decode())
            return
        self.stdout.write(
            f"{figures['baskets']:,} baskets with {figures['lines']:,} lines, {figures['online']:,} of them online, "
            f"{figures['again']:,} there before, {figures['refused']:,} refused; our prices give back "
            f"{figures['reproduced_share']:.1%} of the lines to the cent."
        )
        if figures["left_open"]:
            self.stdout.write(
                f"{figures['left_open']} more are received in other ways, each left at another step of it."
            )
        if figures["left_out"]:
            self.stdout.write(f"{figures['left_out']:,} baskets of places that are not loaded were left out.")
        for example in figures["examples"]:
            self.stdout.write(f"  {example}")
