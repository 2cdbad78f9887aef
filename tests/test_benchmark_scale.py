"""The benchmark of scale: its arithmetic, its meter, and its reports on a small lake."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from traffic import DAYS, RING, accounts, exchanges

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))  # as when the benchmark is run

import meter
import scale


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.35])
def test_growth_is_the_slope_of_the_logarithms(exponent: float) -> None:
    sizes = [(n, scale.Cost(3.0 * n**exponent, 2.0 * n)) for n in (1_000, 4_000, 16_000)]
    assert scale.report_growth("rows", sizes) == pytest.approx(
        {"exponent_rows": exponent, "exponent_rows_cpu": 1.0}, abs=1e-3
    )


def test_the_meter_counts_this_process_and_its_children() -> None:
    before = meter.processor_seconds()
    with meter.Memory(interval=0.01) as memory:
        memory.begin("a stage")
        held = bytearray(os.urandom(1 << 20) * 64)
        child = subprocess.Popen(
            [sys.executable, "-c", "import time; began = time.process_time()\nwhile time.process_time() < 0.4: pass"]
        )
        parents = {p.pid: p.parent for p in meter.tree()}
        assert parents[child.pid] == os.getpid()
        assert child.wait() == 0
        time.sleep(0.1)
        memory.end("a stage")
    spent = {kind: seconds - before[kind] for kind, seconds in meter.processor_seconds().items()}
    assert spent["driver"] >= 0.35, "an ended child's time is its parent's"
    assert memory.peak >= len(held)
    assert memory.peaks["a stage"] >= len(held)


def test_a_child_that_is_not_yet_its_program_has_its_parents_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is with a shell that Java starts; a Java that another started, and a forked Python, have their own."""
    processes = [
        (1, 0, "driver", 10),
        (2, 1, "java", 20),
        (3, 2, "java", 20),
        (4, 2, "java", 40),
        (5, 2, "workers", 50),
        (6, 5, "workers", 50),
    ]
    monkeypatch.setattr(
        meter, "tree", lambda: [meter.Process(pid, parent, kind, 0.0, stack) for pid, parent, kind, stack in processes]
    )
    monkeypatch.setattr(meter, "_memory", lambda pid, _kind: 10**pid)
    assert meter.memory() == 1_110_110


def test_its_reports_read_a_lake(spark: SparkSession, lake: Path, tmp_path: Path) -> None:
    """Who is published is held against the truth; a copy of bronze has its rows.

    One account's rows are part of all bytes.
    """
    truth = tmp_path / "truth.jsonl"
    known = [(a["account_id"], "hydra" if a["account_id"].startswith("ring") else None) for a in accounts()]
    lines = [
        {"account_id": name, "campaign": campaign, "kind": None if campaign else "ordinary"} for name, campaign in known
    ]
    truth.write_text("".join(json.dumps(line) + "\n" for line in lines))
    load = scale.Load(lake, list(DAYS), 1_000, len(known), 20.0, dict.fromkeys(meter.KINDS, 1.0), 3 * scale.GIB)
    copied = scale.costs(lambda: scale.copy_bronze(spark, lake, tmp_path / "copy"))
    assert (
        scale.read(spark, tmp_path, "copy").count()
        == scale.read(spark, lake, "bronze.exchanges").count()
        >= len(list(exchanges()))
    )
    assert scale.shuffled(spark) > 0, "the lake was made in this session"
    figures = scale.report_pipeline(spark, load, copied, truth)
    assert figures == {
        "exchanges": 1_000,
        "accounts": len(known),
        "seconds": 20.0,
        "exchanges_per_second": 50,
        "pipeline_vs_copy": pytest.approx(20 / copied.seconds, abs=0.01),
        "pipeline_vs_copy_cpu": pytest.approx(3 / copied.processor, abs=0.01),
        "peak_gib": 3.0,
        "recall": 1.0,
        "precision": 1.0,
    }
    truth.write_text("".join(json.dumps(line | {"campaign": "all", "kind": None}) + "\n" for line in lines))
    assert scale.report_found(spark, load, truth)["recall"] < 1, f"{RING} of more accounts are published"
    assert scale.report_query(spark, load)["query_share_of_bytes"] > 0


def test_the_floor_writes_each_row_of_the_day_s_layers_once(
    spark: SparkSession, lake: Path, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = list[int]()

    def costs(act: Callable[[], object]) -> scale.Cost:
        act()
        counts.append(scale.read(spark, tmp_path, "floor").count())
        return scale.Cost(1.0, 2.0)

    monkeypatch.setattr(scale, "costs", costs)
    load = scale.Load(lake, list(DAYS), 1_000, 10, 20.0, dict.fromkeys(meter.KINDS, 6.0), scale.GIB)
    figures = scale.report_floor(spark, landing, load, scale.Cost(1.0, 1.0), tmp_path / "floor")
    lines = spark.read.option("recursiveFileLookup", "true").text(str(landing / "exchanges")).count()
    assert counts == [
        lines,
        *(scale.read(spark, lake, name).count() for name in ("silver.exchanges", "features.account_days")),
    ]
    assert figures == {"floor_vs_copy_cpu": 6.0, "pipeline_vs_floor_cpu": 3.0}
    assert not (tmp_path / "floor").exists()


def test_history_is_told_with_a_full_window_and_with_one_that_grows(
    spark: SparkSession, lake: Path, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each day twice; of a lake of two days the last stands for both."""
    ran = list[tuple[int, list[object]]]()
    monkeypatch.setattr(scale.Runner, "run", lambda runner, days: ran.append((runner.settings.window_days, list(days))))
    monkeypatch.setattr(scale, "timed", lambda act: act() or 2.0)
    load = scale.Load(lake, list(DAYS), 1_000, 10, 20.0, dict.fromkeys(meter.KINDS, 1.0), scale.GIB)
    figures = scale.report_history(spark, landing, load)
    assert ran == [(7, [DAYS[-1]])] * 4 + [(28, [DAYS[-1]])] * 4
    assert figures == {"history_ratio_day28_day8": 1.0, "history_ratio_growing_window": 1.0}, (
        "the same day, the same exchanges"
    )
