"""The benchmark of the gates still runs, at toy size: bronze alone, one turn."""

import importlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from traffic import DAYS

from iolaus.pipeline import STAGES
from iolaus.runtime.runner import Runner


def test_a_day_is_run_with_gates_and_without(
    spark: SparkSession, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    gates = importlib.import_module("gates")
    ran = list[tuple[bool, Sequence[date], int]]()

    def run(runner: Runner, days: Sequence[date]) -> None:
        runner.work([(day, [s for s in STAGES if s.layer == "bronze"]) for day in days])
        ran.append((runner.gated, days, len(runner.gate.outcomes)))

    monkeypatch.setattr(Runner, "run", run)
    metrics = gates.measure(spark, str(landing), None, 1, tmp_path)
    assert [(gated, list(days)) for gated, days, _ in ran] == [
        (True, [DAYS[0]]),  # the days before
        (True, [DAYS[1]]),  # not counted
        (True, [DAYS[1]]),
        (False, [DAYS[1]]),
    ]
    assert [judged > 0 for _, _, judged in ran] == [True, True, True, False]
    assert all(metrics[f"{name}_{kind}_s"] > 0 for name in ("gated", "plain") for kind in ("wall", "processor"))
    assert metrics["gates_wall_share"] == pytest.approx(1 - metrics["plain_wall_s"] / metrics["gated_wall_s"], abs=1e-4)
