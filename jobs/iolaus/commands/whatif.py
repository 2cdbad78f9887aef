"""`iolaus whatif`: what other settings would publish."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.answers import FORMATS, write
from iolaus.commands.arguments import add_spark, day, given_key, started
from iolaus.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from iolaus.commands.arguments import Commands
    from iolaus.export.gold import Gold


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "whatif",
        help="what other settings would publish",
        description=act.__doc__,
        epilog="for example: iolaus whatif --lake LAKE --set scoring.margin=1, or --set graph.families=3",
    )
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--date", type=day, metavar="D", help="run date, YYYY-MM-DD; default: the newest published")
    parser.add_argument("--from", dest="first", type=day, metavar="D", help="with --to, every published run of a range")
    parser.add_argument("--to", dest="last", type=day, metavar="D", help="last run date of the range")
    parser.add_argument("--format", choices=FORMATS, default="table", help="json lists the accounts")
    parser.add_argument(
        "--scratch",
        metavar="URI",
        help="new folder for what is made again, which stays; default: a temporary one of this machine",
    )
    add_spark(parser)
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """List the clusters that other settings would publish otherwise, with verdicts.

    For a setting of the rule of confidence, the stored judgements are read again, and Spark is not started. For another
    of graph, profile, scoring, claims, channels, pairs or plans, Spark makes what it bears on again. That goes into a
    scratch lake, which is compared with what was published and dropped. The lake itself stays as it is.
    """
    from iolaus.export.gold import Gold
    from iolaus.export.query import Answer
    from iolaus.export.whatif import beyond_rule, whatif

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
    if beyond := beyond_rule(gold, given.effective.over, days):
        return _made_again(given, gold, days, beyond)
    found = whatif(gold, given.effective.over, days)
    names: tuple[str, ...] = ("run_date", "cluster_id", "change", "margin_bits", "n_accounts", "verdict")
    if given.format == "json":
        names = (*names, "accounts")
    rows = (tuple(getattr(c, name) for name in names) for c in found)
    write(Answer(names, rows), given.format, len(found))
    return 0


def _made_again(given: argparse.Namespace, gold: "Gold", days: "list[date]", beyond: list[str]) -> int:
    """Compare each day with what the settings make of it in a scratch lake."""
    import tempfile

    from iolaus.export.compare import CELLS, compare
    from iolaus.export.gold import Gold
    from iolaus.export.query import Answer
    from iolaus.export.recorded_settings import of_day
    from iolaus.runtime.shadow import FROM_FEATURES, first_stage, remake
    from iolaus.settings import Key

    start = first_stage(beyond)
    key = given_key() if start == FROM_FEATURES else Key(b"")  # later stages draw nothing by the key
    if given.scratch is None and given.master and not given.master.lower().startswith("local"):
        raise UsageError("a cluster's executors write the scratch lake; name a folder that they share with --scratch")
    spark = started(given)
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory(prefix="iolaus-whatif-") as temporary:
        scratch = given.scratch or temporary
        for day in days:
            remake(spark, given.lake, scratch, day, given.effective.over(of_day(gold, day)), key, start)
            rows += [(day, *d.cells(whole=given.format == "json")) for d in compare(gold, Gold(scratch), day)]
    write(Answer(("run_date", *CELLS), iter(rows)), given.format, len(rows))
    return 0
