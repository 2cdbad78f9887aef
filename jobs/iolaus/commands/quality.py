"""`iolaus quality`: the last runs, and what their gates saw."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from iolaus.commands.arguments import day
from iolaus.errors import UsageError

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands
    from iolaus.export.sizes import Size


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("quality", help="the last runs, and what failed in them", description=act.__doc__)
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--runs", type=int, default=10, metavar="N", help="how many of the last runs; default 10")
    parser.add_argument(
        "--docs", metavar="DIR", help="also write Great Expectations' Data Docs of a day into this folder"
    )
    parser.add_argument(
        "--date", type=day, metavar="D", help="the day of the Data Docs; default: the last that was judged"
    )
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Print the last runs, every expectation that failed in them, where the exchanges of the last days went, and sizes.

    The size of the lake is by layer, with what a day adds to it now and added a week before. Starts no Spark.
    """
    from iolaus.export.gold import Gold
    from iolaus.export.recorded_settings import of_day
    from iolaus.export.sizes import sizes
    from iolaus.runtime.display import print_arrivals, print_runs
    from iolaus.runtime.gates.history import last_arrivals, last_runs, last_summaries

    if given.date and not given.docs:
        raise UsageError("--date is the day of the Data Docs; say where to write them with --docs DIR")
    gold = Gold(given.lake)
    print_runs(last_runs(given.lake, given.runs))
    print_arrivals(last_arrivals(given.lake, given.runs))
    _print_sizes(sizes(gold))
    if given.docs:
        from iolaus.runtime.gates.datadocs import write_data_docs  # of the extra `spark`

        judged, summaries = last_summaries(given.lake, given.date)
        own = given.effective.over(of_day(gold, judged)).suites
        print(f"Data Docs of {judged}: {write_data_docs(given.docs, judged, summaries, own)}")
    return 0


def _print_sizes(sizes: Sequence["Size"]) -> None:
    """How large the lake is by layer, and what a day adds to it."""
    if not sizes:
        return
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 150)
    grid = Table(title="Size of the lake", title_justify="left")
    for name in ("layer", "tables", "files", "MB", "MB a day", "a week before", "days"):
        grid.add_column(name, justify="left" if name in ("layer", "days") else "right", no_wrap=True)
    for of in sizes:
        days = "undated" if of.first is None else f"{of.first} to {of.last}"
        before = "unknown" if of.before is None else f"{of.before / 1e6:,.2f}"
        counts = (str(of.tables), f"{of.files:,}", f"{of.size / 1e6:,.1f}", f"{of.daily / 1e6:,.2f}", before)
        grid.add_row(of.layer, *counts, days)
    console.print(grid)
