"""`iolaus drop-day`: a run date taken back."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.arguments import add_spark, day, started

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("drop-day", help="take a run date back", description=act.__doc__)
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--date", type=day, required=True, metavar="D", help="run date to take back, YYYY-MM-DD")
    add_spark(parser)
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Delete the rows of one run date from every table that a run writes, as after a mistyped date.

    Exchanges, accounts and verdicts stay, and a run of the date makes its rows again. quality/runs records it. Waits
    for a run that holds the lake. Later run dates stay as they are.
    """
    from iolaus.runtime.dropped_day import PUBLISHER, drop_day
    from iolaus.runtime.lake import Lake
    from iolaus.runtime.lock import hold
    from iolaus.version import code_version

    spark, settings = started(given), given.effective.settings
    lake = Lake(spark, given.lake, settings.window_days, f"drop-day={given.date} code={code_version()}")
    lake.must_be_there()
    lake.check_format()
    spark.conf.set("spark.databricks.delta.commitInfo.userMetadata", lake.user_metadata)
    with hold(spark, lake.uri) as lock:
        lake.guard = lock.check
        dropped = list(drop_day(lake, given.date, settings))
        later = [d for d in lake.days(PUBLISHER) if d > given.date]
    for name, n in dropped:
        print(f"{name}: {n} rows dropped")
    print(f"The run of {given.date} is taken back. The report still shows it until you write it again.")
    if later:
        print(
            f"Runs of {later[0]} to {later[-1]} were made with its clusters in view; to make them without it, run "
            f"those days again: iolaus run --lake {given.lake} --from {later[0]} --to {later[-1]}"
        )
    return 0
