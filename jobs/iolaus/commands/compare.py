"""`iolaus compare`: two lakes beside each other."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.answers import FORMATS, write
from iolaus.commands.arguments import day

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "compare", help="what one lake publishes and another does not", description=act.__doc__
    )
    parser.add_argument("lake", metavar="LAKE", help="folder of the tables; its verdicts count")
    parser.add_argument(
        "other", metavar="OTHER", help="folder of the tables of the detector, or settings, in the shadow"
    )
    parser.add_argument("--date", type=day, metavar="D", help="run date; default: the newest that both published")
    parser.add_argument("--format", choices=FORMATS, default="table", help="json names the accounts")
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """List the clusters of a run date that two lakes do not publish alike, with accounts and verdicts that differ.

    Starts no Spark.
    """
    from iolaus.export.compare import CELLS, compare, newest_of_both
    from iolaus.export.gold import Gold
    from iolaus.export.query import Answer

    one, other = Gold(given.lake), Gold(given.other)
    found = compare(one, other, given.date or newest_of_both(one, other))
    rows = (d.cells(whole=given.format == "json") for d in found)
    write(Answer(CELLS, rows), given.format, len(found))
    return 0
