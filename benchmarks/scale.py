"""How the whole pipeline scales: the February scenario from landing to gold, and how its cost grows. One table.

    python benchmarks/scale.py [--scale F] [--part NAME ...] [--landing FOLDER] [--work FOLDER] [--keep] [--json FILE]

`--scale 1` is the whole scenario: 24,000 fraudulent accounts with 16.55 million exchanges in three campaigns, 100,000
ordinary accounts with 10 million, and those that look alike, over 28 days. Parts: `pipeline` (a first load, every
stage's time, processor time, bytes shuffled and memory, against reading and writing bronze once more in the same Spark;
what was found), `floor` (what Spark's own expressions take, in one plan for all days, to move the rows of bronze,
silver and `features.account_days` and make nothing of them: no pipeline that writes these tables takes less), `history`
(day 8 and day 28 made again in that lake, with a window of a week and with its own), `query` (the bytes that one
account's 28 days cost), `daily` (the last day as a schedule runs it, in a process of its own on a full window, with
what arrives late and without, and a small day of some 17,000 exchanges), `exchanges` and `accounts` (the same at a
quarter and a sixteenth; ten times fewer accounts, and a hundred), `workers` (a sixteenth on a standalone cluster of one
worker of one core, and of two; the rows of gold
must be the same). Default: all.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

import meter
import numpy as np
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from iolaus.pipeline import STAGES
from iolaus.runtime.context import Event
from iolaus.runtime.landing import Landing
from iolaus.runtime.runner import Runner
from iolaus.runtime.spark.session import session
from iolaus.schemas.landing import EXCHANGE
from iolaus.schemas.table import table
from iolaus.settings import DEFAULT, Key
from iolaus.simulate.landing import simulate
from tests.cluster.harness import Processes, build_archive, start_cluster, submit_command, wait_until

PARTS = ("pipeline", "floor", "history", "query", "daily", "exchanges", "accounts", "workers")
KEY = Key(b"a public key that protects nothing, for benchmarks")
GIB = 1 << 30
SMALL_DAY = 0.017  # of the February scenario: some 17,000 exchanges a day
WEEK = 7  # days of a window that is full on the eighth
SPENT = (*meter.KINDS, "shuffled")  # of a stage: processor seconds, and bytes


class Cost(NamedTuple):
    """Seconds of the clock, and of the processors.

    What else runs on the machine prolongs the first more than the second.
    """

    seconds: float
    processor: float


@dataclass
class Load:
    """A lake that was made from a landing: its size, how long that took and what it cost."""

    lake: Path
    days: list[date]
    exchanges: int
    accounts: int
    seconds: float
    processor: dict[str, float]
    peak: int
    stage_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    stage_peaks: dict[str, int] = field(default_factory=dict)
    stage_spent: dict[str, dict[str, float]] = field(default_factory=dict)  # of SPENT, where stages ran one by one
    shuffled: int = 0  # bytes that tasks wrote for others to read

    @property
    def cost(self) -> Cost:
        """What the whole load took."""
        return Cost(self.seconds, sum(self.processor.values()))


def main() -> int:
    """Run the parts that are asked for, print their figures and write them as one flat JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="share of the February scenario; default 1, which takes an hour or more",
    )
    parser.add_argument("--days", type=int, help="days of traffic, for a smaller try; default: the scenario's 28")
    parser.add_argument("--part", nargs="*", choices=PARTS, default=list(PARTS), help="default: all")
    parser.add_argument(
        "--landing", type=Path, help="a landing of that scale that was simulated before, its truth beside it"
    )
    parser.add_argument(
        "--work",
        type=Path,
        help="folder for landings and lakes, which are removed unless kept; default: a temporary one",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="leave what lies in the work folder, to look at the lake of `pipeline` and `history`",
    )
    parser.add_argument(
        "--memory", default="4g", help="heap of the driver, which in local mode is Spark's whole; default 4g"
    )
    parser.add_argument(
        "--one-by-one", action="store_true", help="one stage at a time, so that each one's processor time is told too"
    )
    parser.add_argument("--json", type=Path, help="also write the figures here, one flat object")
    given = parser.parse_args()
    work = Path(tempfile.mkdtemp(dir=given.work, prefix="scale-"))
    spark = session(memory=given.memory)
    try:
        figures = measure(
            spark, given.scale, given.part, work, given.landing, days=given.days, one_by_one=given.one_by_one
        )
    finally:
        spark.stop()
        if given.keep:
            say(f"kept: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)
    if given.json:
        given.json.write_text(json.dumps(figures), encoding="utf-8")
    return 0


def measure(
    spark: SparkSession,
    scale: float,
    parts: list[str],
    work: Path,
    landing: Path | None = None,
    *,
    days: int | None = None,
    one_by_one: bool = False,
) -> dict[str, float]:
    """The figures of the parts, printed as they come. What is made lies under `work`."""
    figures: dict[str, float] = {}
    if {"pipeline", "floor", "history", "query", "daily", "exchanges"} & set(parts):
        landing = landing or simulated(spark, work / "landing", "february", scale, days)
        load = first_load(spark, landing, work / "lake", one_by_one=one_by_one)
        copied = costs(lambda: copy_bronze(spark, load.lake, work / "copy"))
        shutil.rmtree(work / "copy")
        figures |= report_pipeline(spark, load, copied, landing.with_name(landing.name + ".truth.jsonl"))
        if "floor" in parts:
            figures |= report_floor(spark, landing, load, copied, work / "floor")
        if "history" in parts:
            figures |= report_history(spark, landing, load)
        if "query" in parts:
            figures |= report_query(spark, load)
        if "daily" in parts:
            figures |= report_daily(spark, landing, load, work, days)
        if "exchanges" in parts:
            shutil.rmtree(work / "lake")
            smaller = [smaller_load(spark, work, "february", scale / k, days) for k in (16, 4)]
            figures |= report_growth("exchanges", [(m.exchanges, m.cost) for m in [*smaller, load]])
    if "accounts" in parts:
        loads = [smaller_load(spark, work, "crowd", scale / k) for k in (100, 10, 1)]
        figures |= report_growth("accounts", [(m.accounts, m.cost) for m in loads])
    if "workers" in parts:
        figures |= report_workers(work, simulated(spark, work / "shared-landing", "february", scale / 16, days))
    return figures


def simulated(spark: SparkSession, landing: Path, scenario: str, scale: float, days: int | None = None) -> Path:
    """A landing of the scenario at that scale."""
    began = time.monotonic()
    made = simulate(spark, str(landing), scenario, scale, days=days)
    say(
        f"simulated {made.exchanges} exchanges of {made.accounts} accounts ({scenario}, scale {scale:g}) in "
        f"{since(began):.0f} s"
    )
    return landing


def first_load(spark: SparkSession, landing: Path, lake: Path, *, one_by_one: bool = False) -> Load:
    """Every day loaded and sketched, the last one searched and published, as `iolaus run --last-only` does it."""
    days = Landing(spark, str(landing)).days()
    seconds: dict[str, float] = defaultdict(float)
    spent: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(SPENT, 0.0))
    with meter.Memory() as memory:

        def on_event(event: Event) -> None:
            (memory.end if event.done else memory.begin)(event.stage)
            seconds[event.stage] += event.seconds
            if one_by_one:
                sign = 1 if event.done else -1
                for kind, so_far in (meter.processor_seconds() | {"shuffled": shuffled(spark)}).items():
                    spent[event.stage][kind] += sign * so_far
            if event.done:
                print(f"{event.day} {event.stage} {event.seconds:.1f} s", file=sys.stderr, flush=True)

        runner = Runner(spark, str(lake), DEFAULT, KEY, str(landing), on_event, threads=1 if one_by_one else 5)
        before, already, began = meter.processor_seconds(), shuffled(spark), time.monotonic()
        runner.run(days, last_only=True)
        took, after = since(began), meter.processor_seconds()
    window = read(spark, lake, "features.account_profiles").agg(F.count("account_id"), F.sum("n_exchanges")).first()
    assert window is not None
    processor = {kind: after[kind] - before[kind] for kind in meter.KINDS}
    moved = shuffled(spark) - already
    return Load(
        lake,
        days,
        int(window[1]),
        int(window[0]),
        took,
        processor,
        memory.peak,
        seconds,
        dict(memory.peaks),
        spent,
        moved,
    )


def smaller_load(spark: SparkSession, work: Path, scenario: str, scale: float, days: int | None = None) -> Load:
    """A landing simulated and loaded, of which only the figures are kept."""
    landing = simulated(spark, work / "smaller", scenario, scale, days)
    try:
        return first_load(spark, landing, work / "smaller-lake")
    finally:
        shutil.rmtree(work / "smaller", ignore_errors=True)
        shutil.rmtree(work / "smaller-lake", ignore_errors=True)


def copy_bronze(spark: SparkSession, lake: Path, target: Path) -> None:
    """Read the table of exchanges and write it once more, as Spark does it without being told anything."""
    read(spark, lake, "bronze.exchanges").write.format("delta").save(str(target))


def report_pipeline(spark: SparkSession, load: Load, copied: Cost, truth: Path) -> dict[str, float]:
    """Time by stage, the ratio to a copy, memory, and what was found."""
    spent = "".join(f"{kind:>9}" for kind in (*meter.KINDS, "MB moved")) if load.stage_spent else ""
    say(f"\n{'stage':32} {'seconds':>9} {'exchanges/s':>12} {'peak GiB':>9}{spent}")
    for name in (s.table for s in STAGES):
        took = load.stage_seconds[name]
        of = load.stage_spent.get(name, {})
        spent = "".join(f"{s / 1e6 if kind == 'shuffled' else s:9.1f}" for kind, s in of.items())
        say(
            f"{name:32} {took:9.1f} {load.exchanges / max(took, 1e-9):12.0f} "
            f"{load.stage_peaks.get(name, 0) / GIB:9.2f}{spent}"
        )
    spent = ", ".join(f"{kind} {s / load.exchanges * 1e6:.1f}" for kind, s in load.processor.items())
    say(f"{'landing to gold':32} {load.seconds:9.1f} {load.exchanges / load.seconds:12.0f} {load.peak / GIB:9.2f}")
    say(f"{'bronze read and written':32} {copied.seconds:9.1f} {load.exchanges / copied.seconds:12.0f}")
    ratio, of_processors = (mine / theirs for mine, theirs in zip(load.cost, copied, strict=True))
    say(f"ratio {ratio:.2f}, of processor time {of_processors:.2f}; processor time, microseconds an exchange: {spent}")
    say(f"shuffled: {load.shuffled / load.exchanges:.0f} bytes an exchange")
    return {
        "exchanges": load.exchanges,
        "accounts": load.accounts,
        "seconds": round(load.seconds, 1),
        "exchanges_per_second": round(load.exchanges / load.seconds),
        "pipeline_vs_copy": round(ratio, 2),
        "pipeline_vs_copy_cpu": round(of_processors, 2),
        "peak_gib": round(load.peak / GIB, 2),
        **report_found(spark, load, truth),
    }


def report_floor(spark: SparkSession, landing: Path, load: Load, copied: Cost, work: Path) -> dict[str, float]:
    """What it takes to move the rows of the day's layers alone.

    Each of their tables written once from what it is made of.

    Lines are parsed by Spark and believed; what silver holds is shuffled by account and sorted, as it lies; an
    account's day is the count of its rows.
    """
    rows = spark.read.option("recursiveFileLookup", "true").text(str(landing / "exchanges"))
    parsed = rows.select(F.from_json("value", StructType(list(EXCHANGE))).alias("row"))
    silver = read(spark, load.lake, "silver.exchanges")
    frames = {
        "lines parsed": parsed.select(F.to_date("row.requested_at").alias("happened_on"), "row.*"),
        "exchanges by account": silver.repartition("account_id").sortWithinPartitions(*table("silver.exchanges").order),
        "accounts counted": silver.groupBy("arrived_on", "happened_on", "account_id").count(),
    }
    total = Cost(0.0, 0.0)
    for name, frame in frames.items():
        took = costs(lambda frame=frame: frame.write.format("delta").partitionBy("happened_on").save(str(work)))  # type: ignore[misc]
        shutil.rmtree(work)
        total = Cost(*(a + b for a, b in zip(total, took, strict=True)))
        said = f"{took.seconds:.1f} s, {took.processor / load.exchanges * 1e6:.1f} processor microseconds an exchange"
        say(f"floor: {name}: {said}, {took.processor / copied.processor:.2f} copies")
    floor, above = (total.processor / copied.processor, load.cost.processor / total.processor)
    say(f"floor: {floor:.2f} copies of bronze in processor time; landing to gold takes {above:.2f} times that")
    return {"floor_vs_copy_cpu": round(floor, 2), "pipeline_vs_floor_cpu": round(above, 2)}


def report_found(spark: SparkSession, load: Load, truth: Path) -> dict[str, float]:
    """Recall by campaign, among accounts that sent anything, and precision among published accounts."""
    told = spark.read.schema("account_id string, campaign string, kind string").json(str(truth))
    active = read(spark, load.lake, "features.account_profiles").select("account_id")
    published = read(spark, load.lake, "gold.suspect_cluster_members").select("account_id", "cluster_id").distinct()
    rows = told.join(active, "account_id").join(published, "account_id", "left")
    counted = (
        rows.groupBy("campaign", "kind")
        .agg(F.count(F.lit(1)).alias("n"), F.count("cluster_id").alias("found"))
        .collect()
    )
    campaigns = {row.campaign: row for row in counted if row.campaign}
    for name, row in sorted(campaigns.items()):
        say(f"campaign {name}: {row.found} of {row.n} accounts are published")
    false_positives = {row.kind: row.found for row in counted if not row.campaign and row.found}
    say(f"false positives: {', '.join(f'{n} {kind}' for kind, n in sorted(false_positives.items())) or 'nobody'}")
    found = sum(row.found for row in campaigns.values())
    recall = min(row.found / row.n for row in campaigns.values())
    return {"recall": round(recall, 4), "precision": round(found / max(found + sum(false_positives.values()), 1), 4)}


def report_history(spark: SparkSession, landing: Path, load: Load) -> dict[str, float]:
    """Day 8 and day 28 made again, each in full, for an exchange of the day: what the days before the window cost.

    That is with a window of a week, which is full on both days. With the window as it is set, day 8 looks back on 8
    days and day 28 on 28: what that costs is told beside it.
    """
    figures = {}
    for key, settings in {
        "history_ratio_day28_day8": replace(DEFAULT, window_days=WEEK),
        "history_ratio_growing_window": DEFAULT,
    }.items():
        runner = Runner(spark, str(load.lake), settings, KEY, str(landing))
        took, size, accounts = dict[int, float](), dict[int, int](), dict[int, int]()
        for number in (8, 28, 8, 28):  # the second time nothing is compiled any more
            day = load.days[min(number, len(load.days)) - 1]
            seconds = timed(lambda runner=runner, day=day: runner.run([day]))  # type: ignore[misc]
            took[number] = min(seconds, took.get(number, seconds))
            size[number] = read(spark, load.lake, "bronze.exchanges").where(F.col("arrived_on") == F.lit(day)).count()
            accounts[number] = runner.counts(day)["accounts"]
        said = "; ".join(
            f"day {n}: {took[n]:.1f} s for {size[n]} exchanges and {accounts[n]} accounts in the window" for n in took
        )
        figures[key] = round(took[28] / size[28] / (took[8] / size[8]), 3)
        say(f"window of {settings.window_days} days: {said}; ratio of an exchange {figures[key]:.2f}")
    return figures


def report_query(spark: SparkSession, load: Load) -> dict[str, float]:
    """The share of a table's bytes that all exchanges of one account over all days cost.

    The account seen on most days.
    """
    days = read(spark, load.lake, "features.account_days").groupBy("account_id").count()
    busy = days.orderBy(F.desc("count"), "account_id").first()
    assert busy is not None
    shares = {}
    for name in ("silver.exchanges", "bronze.exchanges"):
        whole = spark.sql(f"DESCRIBE DETAIL delta.`{load.lake / name.replace('.', '/')}`").first()
        assert whole is not None
        before = bytes_read(spark)
        rows = len(read(spark, load.lake, name).where(F.col("account_id") == busy.account_id).collect())
        shares[name] = (bytes_read(spark) - before) / whole.sizeInBytes
        say(
            f"one account's {rows} rows of {name} over {busy['count']} days: {100 * shares[name]:.2f} % of "
            f"{whole.sizeInBytes} bytes"
        )
    return {"query_share_of_bytes": round(max(shares.values()), 4)}


def report_daily(spark: SparkSession, landing: Path, load: Load, work: Path, days: int | None) -> dict[str, float]:
    """The last day made again in a process of its own, as a scheduled day: what a day costs when the window is full.

    Beside it the same day without what arrived late, and a day of some 17,000 exchanges. A copy is that day's bronze,
    read and written by a session that is warm.
    """
    day = load.days[-1]
    bronze = read(spark, load.lake, "bronze.exchanges").where(F.col("arrived_on") == F.lit(day))
    size, late = bronze.count(), bronze.where("happened_on < arrived_on").count()
    copied = costs(lambda: bronze.write.format("delta").save(str(work / "copy")))
    on_time = without_late(spark, landing, work / "on-time", day)
    costing = {name: scheduled(given, load.lake, day) for name, given in (("on time", on_time), ("late", landing))}
    small = simulated(spark, work / "small", "february", SMALL_DAY, days)
    lake = first_load(spark, small, work / "small-lake").lake
    costing["small"] = scheduled(small, lake, day)
    for name in ("copy", "on-time", "small", "small-lake"):
        shutil.rmtree(work / name)
    for name, took in costing.items():
        say(f"a day, {name}: {took.seconds:.1f} s, {took.processor:.1f} processor seconds")
    say(f"of {size} exchanges {late} arrived late; the day's bronze read and written: {copied.seconds:.1f} s")
    return {
        "daily_seconds": round(costing["late"].seconds, 1),
        "daily_processor_seconds": round(costing["late"].processor, 1),
        "daily_vs_copy": round(costing["late"].seconds / copied.seconds, 1),
        "late_ratio": round(costing["late"].processor / costing["on time"].processor, 3),
        "small_day_seconds": round(costing["small"].seconds, 1),
    }


def scheduled(landing: Path, lake: Path, day: date) -> Cost:
    """A day run from the command line."""
    run = ("run", "--landing", landing, "--lake", lake, "--date", day, "--report", "none")
    command = [sys.executable, "-m", "iolaus", *map(str, run)]
    return Cost(*meter.run(command, os.environ | {"IOLAUS_HMAC_KEY": KEY.secret.decode()}))


def without_late(spark: SparkSession, landing: Path, target: Path, day: date) -> Path:
    """A landing with one day of another, of which only what happened on that day is kept."""
    folder = f"exchanges/dt={day}"
    lines = spark.read.text(str(landing / folder))
    lines.where(F.get_json_object("value", "$.requested_at").startswith(day.isoformat())).write.option(
        "compression", "gzip"
    ).text(str(target / folder))
    for file in (target / folder).glob("*.txt.gz"):
        file.rename(file.with_name(file.name.replace(".txt.gz", ".jsonl.gz")))
    for left in (target / folder).glob("[._]*"):
        left.unlink()
    for name in ("accounts", "models", "agreements"):
        for given in landing.glob(f"{name}*"):
            (shutil.copytree if given.is_dir() else shutil.copy)(given, target / given.name)
    return target


def report_workers(work: Path, landing: Path) -> dict[str, float]:
    """The same first load on a standalone cluster of one worker with one core, then two; the driver runs here.

    A worker is held to one processor; the driver, which plans, runs where there is room: where the machine has no more
    processors than workers, what it takes is lost to them, so its share is told.
    """
    days = sorted(folder.name.removeprefix("dt=") for folder in (landing / "exchanges").iterdir())
    archive, took, rows = build_archive(), list[float](), list[dict[str, list[str]]]()
    for number in (1, 2):
        folder = work / f"workers-{number}"
        folder.mkdir()
        processes, lake = Processes(folder), folder / "lake"
        try:
            cluster = start_cluster(
                processes, {"PYSPARK_PYTHON": sys.executable}, memory="2g", number=number, pinned=True
            )
            run = (
                "run",
                "--report",
                "none",
                "--landing",
                str(landing),
                "--lake",
                str(lake),
                "--from",
                days[0],
                "--to",
                days[-1],
                "--last-only",
                "--set",
                "calibration.groups=0",  # which comes after what is measured
            )
            command = submit_command(cluster, archive, {"spark.executor.memory": "1800m"}, run)
            began, before = time.monotonic(), ended_children()
            done = processes.start(
                "driver",
                command,
                os.environ | {"IOLAUS_HMAC_KEY": KEY.secret.decode(), "PYSPARK_PYTHON": sys.executable},
            ).wait()
            took.append(since(began))
            driver, workers = ended_children() - before, {worker.pid for worker in cluster.workers}
            wait_until("the executors have ended", lambda cluster=cluster: not cluster.executors())  # type: ignore[misc]
            spent = sum(p.seconds for p in meter.tree() if p.pid in workers)
        finally:
            processes.end()
        if done:
            raise SystemExit(
                f"the run on {number} workers ended with {done}; its log: {folder}/driver.log (kept with --keep)"
            )
        rows.append({name: gold_rows(lake, name) for name in (s.table for s in STAGES if s.layer == "gold")})
        say(
            f"workers of one core: {number}: {took[-1]:.1f} s; processor seconds: driver {driver:.0f}, workers "
            f"{spent:.0f}"
        )
    if rows[0] != rows[1]:
        raise AssertionError(
            f"other rows on two workers: {', '.join(name for name in rows[0] if rows[0][name] != rows[1][name])}"
        )
    say(
        f"speed-up of the second worker: {took[0] / took[1]:.2f}; {sum(map(len, rows[0].values()))} rows of gold, "
        "the same on both"
    )
    return {"speedup_2_workers": round(took[0] / took[1], 3)}


def ended_children() -> float:
    """Processor seconds of the programs that this one has started and seen end, with all below them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def gold_rows(lake: Path, name: str) -> list[str]:
    """A table's rows as text, sorted, without the run that wrote them."""
    found = DeltaTable(str(lake / name.replace(".", "/"))).to_pyarrow_table()
    return sorted(map(repr, found.drop_columns("run_id").to_pylist()))


def bytes_read(spark: SparkSession) -> int:
    """Bytes that the JVM, in local mode Spark's whole, has read from file systems so far: data, footers and logs."""
    statistics = spark._jvm.org.apache.hadoop.fs.FileSystem.getAllStatistics()  # type: ignore[union-attr]  # noqa: SLF001
    return sum(int(each.getBytesRead()) for each in statistics)


def report_growth(of: str, sizes: list[tuple[int, Cost]]) -> dict[str, float]:
    """The exponents of time in size: the slopes of the lines of least squares through the logarithms."""
    figures = {}
    for unit, key in (("seconds", f"exponent_{of}"), ("processor", f"exponent_{of}_cpu")):
        times = [getattr(cost, unit) for _, cost in sizes]
        slope, _ = np.polyfit(np.log([n for n, _ in sizes]), np.log(times), 1)
        said = ", ".join(f"{n} in {t:.1f} s" for (n, _), t in zip(sizes, times, strict=True))
        say(f"growth in {of}{' (processor time)' if unit == 'processor' else ''}: {said}; exponent {slope:.3f}")
        figures[key] = round(float(slope), 3)
    return figures


def read(spark: SparkSession, lake: Path, name: str):  # type: ignore[no-untyped-def]
    """A table of a lake."""
    return spark.read.format("delta").load(str(lake / name.replace(".", "/")))


def shuffled(spark: SparkSession) -> int:
    """Bytes that tasks have written so far for tasks of a later stage to read."""
    executors = spark._jsc.sc().statusStore().executorList(False)  # noqa: SLF001
    return sum(executors.apply(i).totalShuffleWrite() for i in range(executors.size()))


def timed(act: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.monotonic()
    act()
    return since(began)


def costs(act: Callable[[], object]) -> Cost:
    """What it takes."""
    before = meter.processor_seconds()
    seconds, after = timed(act), meter.processor_seconds()
    return Cost(seconds, sum(after.values()) - sum(before.values()))


def since(began: float) -> float:
    """Seconds since then."""
    return time.monotonic() - began


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
