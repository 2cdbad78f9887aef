"""`iolaus job`: one stage."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.arguments import add_scheduled, given_key, not_in_future, not_the_lake, started
from iolaus.errors import UsageError
from iolaus.pipeline import STAGES, stage

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("job", help="one stage, as the scheduler calls it", description=act.__doc__)
    parser.add_argument("table", metavar="TABLE", help=f"one of: {', '.join(s.table for s in STAGES)}")
    add_scheduled(parser, "for stages that read it")
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Run one stage for one day: read its tables, and replace its own rows of the day.

    Rows of gold are judged before they are written.
    """
    from iolaus.runtime.journal import Journal
    from iolaus.runtime.lock import hold
    from iolaus.runtime.runner import Runner
    from iolaus.runtime.spark.session import is_light

    try:
        wanted = stage(given.table)
    except LookupError as error:
        raise UsageError(str(error)) from error
    not_in_future(given.date)
    not_the_lake(given.landing, given.lake)
    key = given_key()
    light = bool(given.landing) and is_light(given.landing)
    spark = started(given, light=light)
    runner = Runner(spark, given.lake, given.effective.settings, key, given.landing, journal=Journal(given.log))
    if not given.landing:
        runner.lake.must_be_there()
    with hold(runner.spark, runner.lake.uri, wanted.table) as lock:
        runner.lake.guard = lock.check
        runner.run_stage(wanted, given.date)
    print(f"{given.table} of {given.date} written to {runner.lake.path(given.table)}")
    return 0
