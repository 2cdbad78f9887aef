"""What `iolaus run` does once the stages have ended: print the ranking, calibrate, write the report, alert."""

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from iolaus.commands import alert, catalog
from iolaus.commands.calibrate import calibrate, is_due
from iolaus.errors import RunError, UsageError, in_short

if TYPE_CHECKING:
    from iolaus.runtime.lake import Lake
    from iolaus.runtime.runner import Runner
    from iolaus.settings import Settings


def tell(runner: "Runner", given: argparse.Namespace, days: list[date], touched: dict[date, list[date]]) -> None:
    """Print the ranking, write the report, alert, and say what needs somebody."""
    from iolaus.runtime.display import print_ranking, print_warnings

    last = days[-1]
    print_ranking(runner.ranking(last), last, given.lake, runner.counts(last))
    print_warnings(runner.gate.outcomes, given.lake)
    _calibrate(runner.lake, runner.settings, last)
    catalog.register_published(runner.lake, given)
    _report(given, last)
    _alert(given)
    if given.landing and (strangers := runner.other_keys(last)):
        print(
            f"iolaus: {len(strangers)} days of the window, {strangers[0]} to {strangers[-1]}, were pseudonymised under "
            "another key. Their addresses, networks and devices do not match those of the other days, and evidence "
            "from them is lost. While the landing has those days, make them again with this key: iolaus run --landing "
            f"{given.landing} --lake {given.lake} --from {strangers[0]} --to {last} --last-only",
            file=sys.stderr,
        )
    for arrived, earlier in touched.items():
        missed = [d for d in earlier if d not in days]
        if missed:
            late = ", ".join(map(str, missed))
            print(
                f"Exchanges of {late} arrived on {arrived} and were added there; to publish those days again, run from "
                "the first of them on."
            )


def stopped(given: argparse.Namespace) -> None:
    """Report and alert after a gate stopped a day: the ranking stands, and its page says what was stopped and why."""
    _report(given, None)
    _alert(given)


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
