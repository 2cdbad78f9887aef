"""`iolaus run`: the whole pipeline."""

import argparse
from datetime import date, timedelta
from typing import TYPE_CHECKING

from iolaus.commands import ended
from iolaus.commands.arguments import (
    PROGRESS,
    add_catalog,
    add_log,
    add_spark,
    day,
    given_key,
    not_in_future,
    not_the_lake,
    started,
)
from iolaus.commands.metrics import add_metrics, ready, watched
from iolaus.errors import GateError, UsageError
from iolaus.pipeline import stage

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from iolaus.commands.arguments import Commands
    from iolaus.runtime.resume import Todo
    from iolaus.runtime.runner import Runner


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
    parser.add_argument(
        "--from",
        dest="begins",
        action=_Begins,
        metavar="D|TABLE",
        help="first day of a range. Or the table to begin at: it and all that is made from it are made, and the tables "
        "before it are taken as they are. May be given once for each",
    )
    parser.add_argument("--to", dest="last", type=day, metavar="D", help="last day of a range")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="make only what is missing or stale: after a red gate or a crash, what passed before is kept",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print which stages would run, why, and how long the last runs took for them; change nothing",
    )
    parser.add_argument(
        "--progress",
        choices=PROGRESS,
        default="auto",
        help="how to show progress on standard error: a bar, lines, lines of JSON, or none; default auto: a bar on a "
        "terminal, else lines",
    )
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
    add_metrics(parser)
    parser.set_defaults(act=act, first=None, begin_at=None)


def act(given: argparse.Namespace) -> int:
    """Run the whole pipeline for each day in order, and print the ranking of the last."""
    from iolaus.runtime.gates import suites
    from iolaus.runtime.journal import Journal
    from iolaus.runtime.runner import Runner
    from iolaus.runtime.spark.session import is_light

    not_the_lake(given.landing, given.lake)
    key = given_key()
    named = _named_days(given)
    ready(given.metrics)
    suites.load_early()
    spark = started(given, light=bool(given.landing) and is_light(given.landing))
    if named:
        _must_have_arrivals(spark, given, named)
    days = named or _days(spark, given)
    runner = Runner(spark, given.lake, given.effective.settings, key, given.landing, journal=Journal(given.log))
    if not given.landing:
        runner.lake.must_be_there()
    if given.dry_run:
        return _dry_run(runner, given, days)
    try:
        touched = _run(runner, given, days)
    except GateError:
        ended.stopped(given)
        raise
    ended.tell(runner, given, days, touched)
    return 0


def _todo(runner: "Runner", given: argparse.Namespace, days: list[date]) -> "list[Todo]":
    return runner.todo(days, last_only=given.last_only, resumes=given.resume, first=given.begin_at)


def _dry_run(runner: "Runner", given: argparse.Namespace, days: list[date]) -> int:
    """Print what a run would make."""
    from iolaus.runtime.display import print_plan
    from iolaus.runtime.estimates import makespan, usual_seconds

    todo, usual = _todo(runner, given, days), usual_seconds(runner.lake)
    print_plan(todo, usual, makespan(runner.order(todo), usual, runner.threads))
    return 0


def _run(runner: "Runner", given: argparse.Namespace, days: list[date]) -> dict[date, list[date]]:
    """Make what is to be made, holding the lake; see `Runner.run`."""
    from iolaus.runtime.estimates import Tracker, usual_seconds
    from iolaus.runtime.lock import hold
    from iolaus.runtime.progress import Progress, both
    from iolaus.runtime.traces import Traces, provider

    with hold(runner.spark, runner.lake.uri) as lock:
        runner.lake.guard = lock.check
        todo = _todo(runner, given, days)
        if not todo:
            print("Nothing to make: all tables of these days are current.")
            return {}
        tracker = Tracker(runner.order(todo), usual_seconds(runner.lake), runner.threads)
        sent = Traces(provider(), runner.run_id, days)
        with watched(given.metrics, given.lake, tracker), sent, Progress(tracker, given.progress) as progress:
            runner.on_event = both(progress.on_event, sent.on_event)
            return runner.run(days, todo=todo)


class _Begins(argparse.Action):
    """The value of --from: a day goes to `first`, the name of a table to `begin_at`."""

    def __call__(self, _: argparse.ArgumentParser, namespace: argparse.Namespace, value: object, *__: object) -> None:
        text = str(value)
        if "." in text and not text[:1].isdigit():
            try:
                namespace.begin_at = stage(text).table
            except LookupError as error:
                raise argparse.ArgumentError(self, str(error)) from error
            return
        try:
            namespace.first = day(text)
        except argparse.ArgumentTypeError as error:
            raise argparse.ArgumentError(self, f"{error}, or name a table, as graph.links") from error


def _named_days(given: argparse.Namespace) -> list[date]:
    """The days that the arguments name; none if they name none. Raises UsageError if they contradict."""
    if given.date and (given.first or given.last):
        raise UsageError("--date names one day and --from with --to a range; give one of the two")
    if bool(given.first) != bool(given.last):
        raise UsageError("a range has a --from and a --to; give both")
    if given.first and given.first > given.last:
        raise UsageError(f"--from {given.first} is after --to {given.last}; swap them")
    for named in (given.date, given.last):
        if named:
            not_in_future(named)
    if given.date:
        return [given.date]
    length = (given.last - given.first).days + 1 if given.first else 0
    return [given.first + timedelta(days=i) for i in range(length)]


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
