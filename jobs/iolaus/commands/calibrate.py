"""`iolaus calibrate`: what the detector would publish of innocent groups."""

import argparse
from typing import TYPE_CHECKING

from iolaus.commands.arguments import add_spark, day, started
from iolaus.errors import UsageError

if TYPE_CHECKING:
    from iolaus.commands.arguments import Commands

MARGINS = 1_000  # margins that are kept of a kind


def add(commands: "Commands") -> None:
    """What the command takes."""
    parser = commands.add_parser(
        "calibrate", help="what the detector would publish of innocent groups", description=act.__doc__
    )
    parser.add_argument("--lake", required=True, metavar="URI", help="folder of the tables")
    parser.add_argument("--date", type=day, metavar="D", help="run date, YYYY-MM-DD; default: the newest published")
    add_spark(parser)
    parser.set_defaults(act=act)


def act(given: argparse.Namespace) -> int:
    """Send groups that are innocent by construction through the evidence and the judgement of a run date.

    Groups with one organisation, client, address, mail domain or day of creation in common, and random groups like the
    published clusters. Appends to quality/calibration how many would have been published, and prints the upper bound of
    the share at 95%. The report shows where a case lies among them.
    """
    from datetime import UTC, datetime

    from iolaus.export.gold import Gold
    from iolaus.export.recorded_settings import of_day
    from iolaus.model.calibration import upper_bound
    from iolaus.pipeline import Span
    from iolaus.runtime.lake import Lake
    from iolaus.scoring.calibration import calibrated
    from iolaus.settings import Key, Run
    from iolaus.version import code_version

    gold = Gold(given.lake)
    days = gold.days()
    of = given.date or (days[-1] if days else None)
    if of is None or of not in days:
        raise UsageError(f"the lake {gold.lake} has no published run of {of or 'any date'}; `iolaus run` writes one")
    settings, spark = given.effective.over(of_day(gold, of)), started(given)
    lake = Lake(spark, given.lake, settings.window_days, f"calibrate={of} code={code_version()}")
    published = lake.read("gold.suspect_cluster_members", Span.DAY, of).select("cluster_id", "account_id")
    names = ("account_values", "account_profiles", "population", "account_behaviour")
    values, profiles, population, behaviour = (lake.read(f"features.{name}", Span.DAY, of) for name in names)
    made = calibrated(
        published,
        values,
        profiles,
        lake.read("silver.accounts", Span.DAY, of),
        population,
        behaviour,
        lake.read("bronze.models", Span.ALL, of),
        lake.read("features.hand_overs", Span.WINDOW, of),
        Run(of, settings, Key(b""), "calibrate"),
    ).toArrow()
    rows, now = [], datetime.now(UTC)
    for kind in sorted(set(made["kind"].to_pylist())):
        mine = [r for r in made.select(["kind", "margin_bits", "confidence"]).to_pylist() if r["kind"] == kind]
        n_published = sum(r["confidence"] != "low" for r in mine)
        margins = sorted((r["margin_bits"] for r in mine), reverse=True)
        bound = round(upper_bound(n_published, len(mine)), 6)
        rows.append((of, now, kind, len(mine), n_published, bound, margins[:MARGINS]))
        print(f"{kind}: {n_published} of {len(mine):,} groups would be published, at most {bound:.2%}; "
              f"highest margin {margins[0]:.1f} bits")  # fmt: skip
    lake.append("quality.calibration", rows)
    n, k = sum(r[3] for r in rows), sum(r[4] for r in rows)
    print(f"All: {k} of {n:,} innocent groups would be published; with 95% confidence at most {upper_bound(k, n):.2%}.")
    return 0
