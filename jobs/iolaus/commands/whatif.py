"""`iolaus whatif`: what other settings would publish."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.answers import FORMATS, write
from iolaus.commands.arguments import day
from iolaus.errors import UsageError

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "whatif",
        help="what other settings would publish, of stored judgements",
        description=act.__doc__,
        epilog="for example: iolaus whatif --lake LAKE --set scoring.margin=1",
    )
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--date", type=day, metavar="D", help="run date, YYYY-MM-DD; default: the newest published")
    parser.add_argument("--from", dest="first", type=day, metavar="D", help="with --to, every published run of a range")
    parser.add_argument("--to", dest="last", type=day, metavar="D", help="last run date of the range")
    parser.add_argument("--format", choices=FORMATS, default="table", help="json lists the accounts")
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """List the clusters whose confidence would differ under other settings, with verdicts. Starts no Spark.

    The stored judgements are read again under another rule. A setting that changes the judgement itself needs a lake of
    its own, and `iolaus compare`.
    """
    from iolaus.export.gold import Gold
    from iolaus.export.query import Answer
    from iolaus.export.whatif import whatif

    gold = Gold(given.lake)
    published = gold.days()
    if not published:
        raise UsageError(f"the lake {gold.lake} has no published run; `iolaus run` writes one")
    if bool(given.first) != bool(given.last) or (given.date and given.first):
        raise UsageError("give --date, or --from and --to, or neither for the newest run")
    first, last = (given.first, given.last) if given.first else [given.date or published[-1]] * 2
    days = [d for d in published if first <= d <= last]
    if not days:
        raise UsageError(f"no run is published for the dates named; the newest is of {published[-1]}")
    found = whatif(gold, given.effective.over, days)
    names: tuple[str, ...] = ("run_date", "cluster_id", "change", "margin_bits", "n_accounts", "verdict")
    if given.format == "json":
        names = (*names, "accounts")
    rows = (tuple(getattr(c, name) for name in names) for c in found)
    write(Answer(names, rows), given.format, len(found))
    return 0
