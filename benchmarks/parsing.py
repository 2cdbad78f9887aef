"""What it costs to parse the landing.

Processor time a line of bronze and of quarantine, beside Spark's own `from_json`.

    python benchmarks/parsing.py [--landing FOLDER] [--scale F] [--turns N] [--json FILE]

Each way reads the same lines and writes Parquet, in one warm session, in turns; the median of the turns is told, in
microseconds a line, of the JVM and of the Python workers. `from_json` is given the same fields, believes what it reads,
says nothing of what is wrong and keeps no unknown field. Quarantine is told twice: of a day without a rejected line,
which is counted, and of a day with one, which is parsed once more. Before that the two stages load each day into a
lake, as `iolaus run` has them do: the first day in a session that has done nothing before. Without a landing, two days
of the February scenario are simulated: at the default scale, 308,000 exchanges.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import meter
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from iolaus.bronze import exchanges
from iolaus.pipeline import stage
from iolaus.quality import quarantine
from iolaus.runtime.landing import Landing
from iolaus.runtime.runner import Runner
from iolaus.runtime.spark.session import session
from iolaus.schemas.landing import EXCHANGE
from iolaus.settings import DEFAULT, Key, Run
from iolaus.simulate.landing import simulate

KEY = Key(b"a key for this benchmark alone")


@dataclass(frozen=True)
class Cost:
    """Seconds of one turn: the clock's, and processor time of the JVM and of the workers."""

    wall: float
    java: float
    workers: float


def ways(landing: Landing, folder: Path) -> dict[str, Callable[[], None]]:
    """What is measured, by name; each goes through all days of the landing."""
    days = [(Run(day, DEFAULT, KEY), landing.lines("exchanges", day)) for day in landing.days()]
    accounts, models, agreements = (landing.lines(name, None) for name in ("accounts", "models", "agreements"))

    def write(make: Callable[[DataFrame, Run], DataFrame], name: str) -> Callable[[], None]:
        def go() -> None:
            for run, lines in days:
                make(lines, run).write.mode("overwrite").parquet(f"{folder}/{name}/{run.day}")

        return go

    def plainly(lines: DataFrame, _: Run) -> DataFrame:
        return lines.select(F.from_json("line", StructType(list(EXCHANGE))).alias("row"), "source_file").select(
            "row.*", "source_file"
        )

    def none_rejected(lines: DataFrame, run: Run) -> DataFrame:
        return quarantine.transform(lines, accounts, models, agreements, lines.select("source_file"), run)

    def one_rejected(lines: DataFrame, run: Run) -> DataFrame:
        return quarantine.transform(lines, accounts, models, agreements, lines.select("source_file").limit(0), run)

    return {
        "from_json": write(plainly, "plain"),
        "bronze.exchanges": write(exchanges.transform, "bronze"),
        "quarantine, no line rejected": write(none_rejected, "counted"),
        "quarantine, a line rejected": write(one_rejected, "parsed"),
    }


def cost(way: Callable[[], None]) -> Cost:
    """What one turn takes."""
    before, began = meter.processor_seconds(), time.monotonic()
    way()
    wall, after = time.monotonic() - began, meter.processor_seconds()
    return Cost(wall, after["java"] - before["java"], after["workers"] - before["workers"])


def loaded(spark: SparkSession, uri: str, folder: Path) -> Iterator[tuple[date, str, Cost]]:
    """What each day costs as the stages of a run."""
    runner = Runner(spark, f"{folder}/lake", DEFAULT, KEY, uri)
    for day in Landing(spark, uri).days():
        for table in ("bronze.exchanges", "quality.quarantine"):
            yield day, table, cost(lambda name=table, of=day: runner.run_stage(stage(name), of))  # type: ignore[misc]


def measure(spark: SparkSession, uri: str, turns: int, folder: Path, warm_up: int = 2) -> dict[str, float]:
    """The figures, printed as a table. `warm_up`: turns before those that count."""
    figures = dict[str, float]()
    in_lake = list(loaded(spark, uri, folder))
    landing = Landing(spark, uri)
    of_day = {day: landing.lines("exchanges", day).count() for day in landing.days()}
    for number, (day, table, took) in enumerate(in_lake):
        figures |= told(f"day {number // 2 + 1}, {table}", took, of_day[day])
    lines = sum(of_day.values())
    figures["lines"] = lines
    each = ways(landing, folder)
    for way in [*each.values()] * warm_up:  # what is compiled and imported once
        way()
    found: dict[str, list[Cost]] = {name: [] for name in each}
    for _ in range(turns):
        for name, way in each.items():
            found[name].append(cost(way))
    for name, costs in found.items():
        middle = Cost(*(statistics.median(getattr(c, kind) for c in costs) for kind in ("wall", "java", "workers")))
        figures |= told(f"warm, {name}", middle, lines)
    return figures


def told(name: str, took: Cost, lines: int) -> dict[str, float]:
    """The figures of one row, printed: microseconds a line."""
    java, workers, wall = (seconds / lines * 1e6 for seconds in (took.java, took.workers, took.wall))
    print(
        f"{name:40} Java {java:7.1f}  workers {workers:7.1f}  clock {wall:7.1f}  microseconds a line, of {lines}",
        flush=True,
    )
    key = name.replace(",", "").replace(" ", "_").replace(".", "_")
    return {f"{key}_java_us": round(java, 2), f"{key}_workers_us": round(workers, 2)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; with --json also write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--landing", help="landing to parse; default: traffic is simulated")
    parser.add_argument(
        "--scale", type=float, default=0.145, help="share of the February scenario that is simulated; default 0.145"
    )
    parser.add_argument("--turns", type=int, default=3, help="turns of each way; default 3")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    given = parser.parse_args(arguments)
    spark = session()
    with tempfile.TemporaryDirectory() as folder:
        landing = given.landing or f"{folder}/landing"
        if not given.landing:
            simulate(spark, landing, "february", given.scale, days=2)
        figures = measure(spark, landing, given.turns, Path(folder))
    if given.json:
        given.json.write_text(json.dumps(figures) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
