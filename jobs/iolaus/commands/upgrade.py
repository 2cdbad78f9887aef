"""`iolaus upgrade`: a lake of an older version brought up to date."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.arguments import PROGRESS, add_log, add_spark, given_key, started

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands
    from iolaus.runtime.lake import Lake
    from iolaus.runtime.upgrade import Needed


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("upgrade", help="bring a lake of an older version up to date", description=act.__doc__)
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--dry-run", action="store_true", help="say what the lake needs, and change nothing")
    parser.add_argument(
        "--last-only",
        action="store_true",
        help="make every day again that bronze has, but search and publish the last alone",
    )
    parser.add_argument("--progress", choices=PROGRESS, default="auto", help="how to show progress, as of iolaus run")
    add_spark(parser)
    add_log(parser)
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Say what a lake needs for this version, and do it: columns are added, tables are made again from bronze.

    The tables that are made again are moved to LAKE/_old first, and stay there until you delete them. Needs the key if
    tables are made again. A lake of a newer version is refused. If it is cut off, the same command goes on from there.
    """
    from iolaus.runtime.lake import Lake
    from iolaus.runtime.lock import hold
    from iolaus.runtime.upgrade import columns, needed
    from iolaus.version import code_version

    spark, settings = started(given), given.effective.settings
    spark.conf.set("spark.databricks.delta.commitInfo.userMetadata", f"upgrade code={code_version()}")
    lake = Lake(spark, given.lake, settings.window_days, upgrades=True)
    lake.must_be_there()
    need = needed(lake)
    steps = need.steps(lake.uri)
    if not steps:
        print(f"The lake {given.lake} is what this version needs; nothing is to be done.")
        return 0
    print("\n".join(("What this version needs:", *(f"  {step}" for step in steps))), flush=True)
    if given.dry_run:
        return 0
    if need.remakes:
        given_key()  # before anything is moved
    with hold(spark, lake.uri) as lock:
        lake.guard = lock.check
        need = needed(lake)  # who held the lake may have changed it
        for done in columns(lake, need):
            print(f"{done.table}: {done.what}", flush=True)
        if need.remakes:
            _remake(lake, need, given)
    print(f"The lake {given.lake} is what this version needs.")
    if need.remakes:
        print(f"The tables of before are in {lake.uri}/{need.folder}; delete them when you do not need them.")
    return 0


def _remake(lake: "Lake", need: "Needed", given: argparse.Namespace) -> None:
    """Make again what is made from bronze, day after day. What an earlier try has made is kept."""
    from iolaus.runtime.estimates import Tracker, usual_seconds
    from iolaus.runtime.journal import Journal
    from iolaus.runtime.lake import Lake
    from iolaus.runtime.progress import Progress
    from iolaus.runtime.runner import Runner
    from iolaus.runtime.upgrade import finish, keep_ids, set_aside

    settings = given.effective.settings
    for done in set_aside(lake, need):
        print(f"{done.table}: {done.what}", flush=True)
    fresh = Lake(lake.spark, lake.uri, settings.window_days, upgrades=True)  # which tables there are, it has yet to see
    fresh.guard = lake.guard
    for done in keep_ids(fresh, need):
        print(f"{done.table}: {done.what}", flush=True)
    runner = Runner(lake.spark, lake.uri, settings, given_key(), journal=Journal(given.log), given_lake=fresh)
    if todo := runner.todo(need.days, last_only=given.last_only, resumes=True):
        tracker = Tracker(runner.order(todo), usual_seconds(fresh), runner.threads)
        with Progress(tracker, given.progress) as progress:
            runner.on_event = progress.on_event
            runner.run(need.days, todo=todo)
    finish(fresh)
