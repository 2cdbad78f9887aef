"""What the gates cost: the same day of the same lake is run with them and without, in turns, in one warm session.

    python benchmarks/gates.py [--landing DIR --date D] [--scale F] [--turns N] [--json FILE]

Without a landing, traffic is simulated. The lake is made up to the day before, gated, so that trailing days are known.
Printed are the medians of wall time and of processor time (driver, JVM and Python workers) of a day, and their ratios.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import meter
from pyspark.sql import SparkSession

from iolaus import cli
from iolaus.runtime.landing import Landing
from iolaus.runtime.runner import Runner
from iolaus.runtime.spark.session import is_light, session
from iolaus.settings import DEFAULT, Key

KEY = Key(b"a key for this benchmark alone")


@dataclass(frozen=True)
class Cost:
    """Seconds of one run of a day."""

    wall: float
    processor: float


def cost(spark: SparkSession, landing: str, lake: Path, day: date, *, gated: bool) -> Cost:
    """Run a day on a copy of the lake, with or without gates."""
    with tempfile.TemporaryDirectory(dir=lake.parent) as folder:
        copy = Path(folder) / "lake"
        shutil.copytree(lake, copy)
        runner = Runner(spark, str(copy), DEFAULT, KEY, landing, gated=gated)
        began, used = time.monotonic(), sum(meter.processor_seconds().values())
        runner.run([day])
        return Cost(time.monotonic() - began, sum(meter.processor_seconds().values()) - used)


def measure(spark: SparkSession, landing: str, day: date | None, turns: int, folder: Path) -> dict[str, float]:
    """The medians, in seconds, and what share of a gated day the gates are."""
    days = Landing(spark, landing).days()
    day = day or days[-1]
    lake = folder / "lake"
    Runner(spark, str(lake), DEFAULT, KEY, landing).run([d for d in days if d < day][-4:])
    cost(spark, landing, lake, day, gated=True)  # what is compiled and imported once
    found: dict[bool, list[Cost]] = {True: [], False: []}
    for turn in range(turns):
        for gated in (turn % 2 == 0, turn % 2 == 1):  # in turns, so that a slow minute of the machine falls on both
            found[gated].append(cost(spark, landing, lake, day, gated=gated))
            print(
                f"{'gated' if gated else 'plain'}: {found[gated][-1].wall:.1f} s, {found[gated][-1].processor:.1f} "
                "processor-seconds"
            )
    medians = {
        f"{name}_{kind}_s": round(statistics.median(getattr(c, kind) for c in found[gated]), 2)
        for name, gated in (("gated", True), ("plain", False))
        for kind in ("wall", "processor")
    }
    shares = {
        f"gates_{kind}_share": round(1 - medians[f"plain_{kind}_s"] / medians[f"gated_{kind}_s"], 4)
        for kind in ("wall", "processor")
    }
    return medians | shares


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; with --json also write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--landing", help="landing to run; default: traffic is simulated")
    parser.add_argument("--date", type=date.fromisoformat, help="day to run; default: the landing's last")
    parser.add_argument(
        "--scale", default="4", help="scale of the simulated traffic; default 4, some 30,000 exchanges a day"
    )
    parser.add_argument("--turns", type=int, default=3, help="runs with gates, and as many without")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        landing = given.landing or f"{folder}/landing"
        if not given.landing:
            cli.main(["simulate", "--out", landing, "--scenario", "demo", "--scale", given.scale, "--days", "5"])
        spark = session(light=is_light(landing))
        figures = measure(spark, landing, given.date, given.turns, Path(folder))
    print(json.dumps(figures, indent=2))
    if given.json:
        given.json.write_text(json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
