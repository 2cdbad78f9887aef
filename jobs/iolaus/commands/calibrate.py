"""`iolaus calibrate`: what the detector would publish of innocent groups."""

import argparse
from datetime import date, timedelta
from typing import TYPE_CHECKING

from iolaus.commands.arguments import add_spark, day, started
from iolaus.errors import UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from iolaus.commands.arguments import Commands
    from iolaus.runtime.lake import Lake
    from iolaus.settings import Settings

MARGINS = 1_000  # margins that are kept of a kind
GROUPS = 4_000  # that the command draws
CACHED = 50_000  # active accounts up to which what is read of them stays in memory


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "calibrate", help="what the detector would publish of innocent groups", description=act.__doc__
    )
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--date", type=day, metavar="D", help="run date, YYYY-MM-DD; default: the newest published")
    parser.add_argument(
        "--groups", type=_groups, default=GROUPS, metavar="N", help=f"groups to draw; default {GROUPS:,}"
    )
    add_spark(parser)
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Send groups that are innocent by construction through the evidence and the judgement of a run date.

    Groups with one organisation, client, address, mail domain or day of creation in common, and random groups like the
    published clusters. Appends to quality/calibration how many would have been published, and prints the upper bound of
    the share at 95%. The report shows where a case lies among them. `iolaus run` does this with fewer groups, where
    the newest calibration is older than the setting calibration.every_days.
    """
    from iolaus.export.gold import Gold
    from iolaus.export.recorded_settings import of_day

    gold = Gold(given.lake)
    days = gold.days()
    of = given.date or (days[-1] if days else None)
    if of is None or of not in days:
        raise UsageError(f"the lake {gold.lake} has no published run of {of or 'any date'}; `iolaus run` writes one")
    settings = given.effective.over(of_day(gold, of))
    for line in calibrate(started(given), given.lake, of, settings, given.groups):
        print(line)
    return 0


def is_due(lake: "Lake", day: date, every_days: int) -> bool:
    """Whether no run date of the last so many days that end with `day` has a calibration, and `day` is not the first.

    A first load, or a demo, does not wait for it.
    """
    from pyspark.sql import functions as F

    from iolaus.pipeline import Span

    if all(d >= day for d in lake.days("features.population")):
        return False
    of = F.col("run_date").between(day - timedelta(days=every_days - 1), day)
    return lake.read("quality.calibration", Span.ALL, day).where(of).limit(1).count() == 0


def calibrate(spark: "SparkSession", lake_uri: str, of: date, settings: "Settings", groups: int) -> list[str]:
    """Calibrate a published run date and append the result; returns what there is to say, a line a kind and one of all.

    Groups per kind come to the driver as an id, a margin and a confidence each.
    """
    from datetime import UTC, datetime

    from iolaus.model.calibration import upper_bound
    from iolaus.pipeline import Span
    from iolaus.runtime.lake import Lake
    from iolaus.scoring.calibration import calibrated
    from iolaus.settings import Key, Run
    from iolaus.version import code_version

    lake = Lake(spark, lake_uri, settings.window_days, f"calibrate={of} code={code_version()}")
    published = lake.read("gold.suspect_cluster_members", Span.DAY, of).select("cluster_id", "account_id")
    names = ("account_values", "account_profiles", "population", "account_behaviour")
    features = [lake.read(name, Span.DAY, of) for name in (*(f"features.{name}" for name in names), "silver.accounts")]
    # Each is read several times. Many rows are read again: Spark's cache on disk is slower than Parquet.
    few = features[2].count() <= CACHED
    values, profiles, population, behaviour, accounts = (rows.persist() if few else rows for rows in features)
    made = calibrated(
        published,
        values,
        profiles,
        accounts,
        population,
        behaviour,
        lake.read("bronze.models", Span.ALL, of),
        lake.read("features.hand_overs", Span.WINDOW, of),
        Run(of, settings, Key(b""), "calibrate"),
        groups,
    ).toArrow()
    for frame in (values, profiles, population, behaviour, accounts):
        frame.unpersist()
    rows, said, now = [], [], datetime.now(UTC)
    found = sorted(made.to_pylist(), key=lambda r: (-r["margin_bits"], r["group"]))
    for kind in sorted({r["kind"] for r in found}):
        mine = [r for r in found if r["kind"] == kind]
        would = [r["group"] for r in mine if r["confidence"] != "low"]
        bound = round(upper_bound(len(would), len(mine)), 6)
        margins, ids = [r["margin_bits"] for r in mine[:MARGINS]], [r["group"] for r in mine[:MARGINS]]
        rows.append((of, now, kind, len(mine), len(would), bound, margins, ids, would))
        said.append(
            f"{kind}: {len(would)} of {len(mine):,} groups would be published, at most {bound:.2%}; "
            f"highest margin {margins[0]:.1f} bits"
        )
    lake.append("quality.calibration", rows)
    n, k = len(found), sum(r["confidence"] != "low" for r in found)
    bound = upper_bound(k, n)
    return [*said, f"All: {k} of {n:,} innocent groups would be published; with 95% confidence at most {bound:.2%}."]


def _groups(text: str) -> int:
    """A number of groups. Raises ArgumentTypeError for anything else."""
    if not text.isdecimal() or not 0 < int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of groups; write one from 1 to 100000")
    return int(text)
