"""`iolaus quality`: the last runs, and what their gates saw."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.arguments import day
from iolaus.errors import UsageError

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


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
    from iolaus.runtime.display import print_arrivals, print_runs, print_sizes
    from iolaus.runtime.gates.datadocs import write_data_docs
    from iolaus.runtime.gates.history import last_arrivals, last_runs, last_summaries

    if given.date and not given.docs:
        raise UsageError("--date is the day of the Data Docs; say where to write them with --docs DIR")
    gold = Gold(given.lake)
    print_runs(last_runs(given.lake, given.runs))
    print_arrivals(last_arrivals(given.lake, given.runs))
    print_sizes(sizes(gold))
    if given.docs:
        judged, summaries = last_summaries(given.lake, given.date)
        own = given.effective.over(of_day(gold, judged)).suites
        print(f"Data Docs of {judged}: {write_data_docs(given.docs, judged, summaries, own)}")
    return 0
