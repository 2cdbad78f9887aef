"""`iolaus run`: the whole pipeline."""

import argparse
import os
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from iolaus.commands import alert, catalog
from iolaus.commands.arguments import (
    add_catalog,
    add_log,
    add_spark,
    day,
    given_key,
    not_in_future,
    not_the_lake,
    started,
)
from iolaus.commands.calibrate import calibrate, is_due
from iolaus.errors import GateError, RunError, UsageError, in_short

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from iolaus.commands.arguments import Commands
    from iolaus.runtime.lake import Lake
    from iolaus.settings import Settings


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser("run", help="the whole pipeline, for each day in order", description=act.__doc__)
    parser.add_argument(
        "--landing",
        metavar="URI",
        help="folder that gateways append to, or CATALOG.SCHEMA of its tables; without it, everything is made again "
        "from the lake's bronze",
    )
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables; made if there is none")
    parser.add_argument("--date", type=day, metavar="D", help="one day, YYYY-MM-DD; default: every day of the landing")
    parser.add_argument("--from", dest="first", type=day, metavar="D", help="first day of a range")
    parser.add_argument("--to", dest="last", type=day, metavar="D", help="last day of a range")
    parser.add_argument(
        "--last-only",
        action="store_true",
        help="load every day, but search and publish the last alone: for a first load",
    )
    parser.add_argument(
        "--allow-empty",
        action="store_true",
        help="also publish days on which nothing arrived; without it, such a day is refused",
    )
    parser.add_argument(
        "--report",
        metavar="DIR",
        help="folder of the report; default: report, beside a lake on a file system; none: no report",
    )
    add_catalog(parser)
    add_spark(parser)
    add_log(parser)
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Run the whole pipeline for each day in order, and print the ranking of the last."""
    from iolaus.runtime.display import Progress, print_ranking, print_warnings
    from iolaus.runtime.gates import suites
    from iolaus.runtime.journal import Journal
    from iolaus.runtime.lock import hold
    from iolaus.runtime.runner import Runner
    from iolaus.runtime.scheduler import schedule
    from iolaus.runtime.spark.session import is_light

    not_the_lake(given.landing, given.lake)
    key = given_key()
    if given.date and (given.first or given.last):
        raise UsageError("--date names one day and --from with --to a range; give one of the two")
    if bool(given.first) != bool(given.last):
        raise UsageError("a range has a --from and a --to; give both")
    if given.first and given.first > given.last:
        raise UsageError(f"--from {given.first} is after --to {given.last}; swap them")
    for named in (given.date, given.last):
        if named:
            not_in_future(named)
    suites.load_early()
    spark = started(given, light=bool(given.landing) and is_light(given.landing))
    days = (
        [given.date]
        if given.date
        else [given.first + timedelta(days=i) for i in range((given.last - given.first).days + 1)]
        if given.first
        else []
    )
    if days:
        _must_have_arrivals(spark, given, days)
    else:
        days = _days(spark, given)
    settings = given.effective.settings
    with Progress(
        sum(len(stages) for _, stages in schedule(days, last_only=given.last_only, from_bronze=not given.landing))
    ) as progress:
        runner = Runner(spark, given.lake, settings, key, given.landing, progress.on_event, journal=Journal(given.log))
        if not given.landing:
            runner.lake.must_be_there()
        try:
            with hold(spark, runner.lake.uri) as lock:
                runner.lake.guard = lock.check
                touched = runner.run(days, last_only=given.last_only)
        except GateError:
            _report(given, None)  # the ranking stands, and its page says what was stopped and why
            _alert(given)
            raise
    print_ranking(runner.ranking(days[-1]), days[-1], given.lake, runner.counts(days[-1]))
    print_warnings(runner.gate.outcomes, given.lake)
    _calibrate(runner.lake, settings, days[-1])
    catalog.register_published(runner.lake, given)
    _report(given, days[-1])
    _alert(given)
    if given.landing and (strangers := runner.other_keys(days[-1])):
        print(
            f"iolaus: {len(strangers)} days of the window, {strangers[0]} to {strangers[-1]}, were pseudonymised "
            "under another key. Their addresses, networks and devices do not match those of the other days, and "
            "evidence from them is lost. While the landing has those days, make them again with this key: "
            f"iolaus run --landing {given.landing} --lake {given.lake} "
            f"--from {strangers[0]} --to {days[-1]} --last-only",
            file=sys.stderr,
        )
    for arrived, earlier in touched.items():
        missed = [d for d in earlier if d not in days]
        if missed:
            late = ", ".join(map(str, missed))
            print(
                f"Exchanges of {late} arrived on {arrived} and were added there; "
                "to publish those days again, run from the first of them on."
            )
    return 0


def _days(spark: "SparkSession", given: argparse.Namespace) -> list[date]:
    """Every day of the landing or, without one, of bronze. Raises UsageError if there is none."""
    from iolaus.runtime.lake import Lake
    from iolaus.runtime.named_landing import landing_at

    if not given.landing:
        days = Lake(spark, given.lake, given.effective.settings.window_days).days("bronze.exchanges")
        if not days:
            raise UsageError(
                f"the lake {given.lake} has no exchanges in bronze to start from; name a landing with --landing"
            )
        return days
    days = landing_at(spark, given.landing).days()
    if not days:
        raise UsageError(f"the landing {given.landing} has no folder exchanges/dt=YYYY-MM-DD; put exchanges there")
    not_in_future(days[-1])
    return days


def _must_have_arrivals(spark: "SparkSession", given: argparse.Namespace, days: list[date]) -> None:
    """Raise UsageError if nothing arrived on a day that would be published: an empty ranking would pass for a result.

    A day that the landing has lost and bronze still has is refused by the run itself.
    """
    from iolaus.runtime.lake import Lake
    from iolaus.runtime.named_landing import landing_at

    if given.allow_empty:
        return
    there: set[date] = set()
    if given.landing:
        landing = landing_at(spark, given.landing)
        there = {day for day in days if landing.has_files(day)}
    published = days[-1:] if given.last_only else days
    if missing := [day for day in published if day not in there]:
        there |= set(Lake(spark, given.lake, given.effective.settings.window_days).days("bronze.exchanges"))
        missing = [day for day in missing if day not in there]
    if missing:
        source = f"landing {given.landing}" if given.landing else f"lake {given.lake}"
        others = f" and {len(missing) - 1} more of the days named" if len(missing) > 1 else ""
        raise UsageError(
            f"nothing arrived on {missing[0]}{others}, says the {source}, so nothing was run; name a day of arrival "
            "with --date, or publish the day all the same with --allow-empty"
        )


def _alert(given: argparse.Namespace) -> None:
    """Tell the webhook that the environment names, if any. A run that ended does not fail for it."""
    if not os.environ.get(alert.URL):
        return
    try:
        if n := alert.tell(given.lake):
            print(f"Alerts sent: {n}")
    except (OSError, RunError, UsageError) as error:
        print(f"iolaus: nobody was alerted: {error}", file=sys.stderr)


def _calibrate(lake: "Lake", settings: "Settings", last: date) -> None:
    """Calibrate the last day where the newest calibration is too old. A run that ended does not fail for it."""
    from pyspark.errors import PySparkException

    from iolaus.runtime.spark.errors import Py4JJavaError

    groups, every = settings.calibration.groups, settings.calibration.every_days
    try:
        if groups and is_due(lake, last, every):
            print(f"Calibration: {calibrate(lake.spark, lake.uri, last, settings, groups)[-1]}")
    except (OSError, Py4JJavaError, PySparkException, RunError, UsageError) as error:
        reason = error if isinstance(error, RunError | UsageError) else in_short(error)
        print(f"iolaus: the run was not calibrated: {reason}", file=sys.stderr)


def _report(given: argparse.Namespace, last: date | None) -> None:
    """Write the report of the last day, or of the newest published, and say where it is.

    What is published stays published if no report can be written.
    """
    from iolaus.export.gold import is_local
    from iolaus.export.report import default_folder, write

    if given.report == "none" or (given.report is None and not is_local(given.lake)):
        return
    try:
        folder = Path(given.report).absolute() if given.report else default_folder(given.lake)
        print(f"Report: {write(given.lake, folder, last, ran=last is not None)}")
    except Exception as error:  # noqa: BLE001 - what is published stays published, and a gate's status is its own
        reason = error if isinstance(error, OSError | RunError | UsageError) else in_short(error)
        print(f"iolaus: no report was written: {reason}", file=sys.stderr)
