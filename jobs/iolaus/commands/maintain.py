"""`iolaus maintain`: the lake's upkeep."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from iolaus.commands.arguments import add_spark, day, started
from iolaus.errors import UsageError
from iolaus.settings import DEFAULT
from iolaus.version import code_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from iolaus.commands.arguments import Commands
    from iolaus.runtime.lake import Lake
    from iolaus.runtime.maintenance import Done

_KEPT = DEFAULT.retention
_ACTIONS = {
    "compact": "rewrite days that lie in more files than they need, sorted by account",
    "retain": f"delete prompts and rejected rows that arrived over {_KEPT.text_days} days before --date, and rows of "
    "other tables that are older than the settings retention and keep_days allow",
    "forget": "drop the accounts of --accounts from every table, as on a request for deletion",
    "vacuum": f"remove the files of rows that were replaced or deleted over {_KEPT.file_hours} hours ago",
}


def add(commands: "Commands") -> None:
    """What the command takes."""
    does = " ".join(f"{name.capitalize()}: {what}." for name, what in _ACTIONS.items())
    parser = commands.add_parser(
        "maintain", help="compact, vacuum, retention, dropped accounts", description=f"{act.__doc__} {does}"
    )
    parser.add_argument("action", choices=_ACTIONS, metavar="ACTION", help=f"one of: {', '.join(_ACTIONS)}")
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--date", type=day, metavar="D", help="compact, retain: the day that counts as today")
    parser.add_argument("--accounts", metavar="URI", help="forget: text file or folder, one account_id a line")
    parser.add_argument(
        "--days",
        type=int,
        metavar="N",
        help=f"compact: days up to --date, {DEFAULT.window_days}; retain: days to keep text, "
        f"{_KEPT.text_days}; default: the settings'",
    )
    parser.add_argument(
        "--hours",
        type=int,
        metavar="N",
        help=f"vacuum: hours that replaced files stay; default: the settings', {_KEPT.file_hours}",
    )
    add_spark(parser)
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Keep the lake fit. Needs no key; may be repeated; waits for a run that holds the lake."""
    wanting = {"compact": "date", "retain": "date", "forget": "accounts"}.get(given.action)
    if wanting and getattr(given, wanting) is None:
        raise UsageError(f"maintain {given.action} needs --{wanting}; see iolaus maintain --help")
    if given.days is not None and given.days < 1:
        raise UsageError(f"--days {given.days} is not a number of days; give 1 or more")
    from iolaus.runtime.lake import Lake
    from iolaus.runtime.lock import hold

    spark = started(given)
    spark.conf.set("spark.databricks.delta.commitInfo.userMetadata", f"maintain={given.action} code={code_version()}")
    lake = Lake(spark, given.lake, given.effective.settings.window_days)
    lake.must_be_there()
    lake.check_format()
    with hold(spark, lake.uri):
        for done in _begin(lake, given.action, given.date, given):
            print(f"{done.table}: {done.what}", flush=True)
    if given.action == "forget":
        print(
            "Reports and exports that you wrote before may still name the accounts. Write them again with "
            f"iolaus report --lake {given.lake} --date D --out DIR, and iolaus export, for each date."
        )
    return 0


def _begin(lake: "Lake", action: str, today: "date", given: argparse.Namespace) -> "Iterator[Done]":
    from iolaus.runtime import maintenance
    from iolaus.runtime.retention import retain

    settings = given.effective.settings
    kept = settings.retention
    if action == "compact":
        return maintenance.compact(lake, today, given.days or settings.window_days, kept)
    if action == "retain":
        kept = replace(kept, text_days=given.days or kept.text_days)
        return retain(lake, today, replace(settings, retention=kept))
    if action == "forget":
        return maintenance.forget(lake, maintenance.requested(lake.spark, given.accounts))
    hours = kept.file_hours if given.hours is None else given.hours
    return maintenance.vacuum(lake, replace(kept, file_hours=hours))
