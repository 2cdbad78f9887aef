"""The parser's benchmark still runs, at toy size."""

import importlib
import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from iolaus.runtime.landing import Landing


def test_each_way_is_measured(
    spark: SparkSession, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    parsing = importlib.import_module("parsing")
    day = Landing(spark, str(landing)).days()[0]
    shutil.copytree(landing / "exchanges" / f"dt={day}", tmp_path / "landing" / "exchanges" / f"dt={day}")
    figures = parsing.measure(spark, str(tmp_path / "landing"), 1, tmp_path, warm_up=0)
    assert figures["lines"] == spark.read.parquet(f"{tmp_path}/bronze/{day}").count() > 0, "what is measured is done"
    assert figures["lines"] == spark.read.parquet(f"{tmp_path}/plain/{day}").count()
    assert figures["warm_bronze_exchanges_workers_us"] > 0
    ways = ("from_json", "bronze_exchanges", "quarantine_no_line_rejected", "quarantine_a_line_rejected")
    stages = {"day_1_bronze_exchanges", "day_1_quality_quarantine"}
    assert {n.removesuffix("_java_us") for n in figures if n.endswith("_java_us")} == {
        f"warm_{way}" for way in ways
    } | stages
