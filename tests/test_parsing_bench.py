"""The parser's benchmark still runs, at toy size."""

import importlib
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.runtime.landing import Landing


def test_each_way_is_measured(spark: SparkSession, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    parsing = importlib.import_module("parsing")
    figures = parsing.measure(spark, str(landing), 1, tmp_path)
    days = Landing(spark, str(landing)).days()
    written = sum(spark.read.parquet(f"{tmp_path}/bronze/{day}").count() for day in days)
    assert figures["lines"] == written > 0, "what is measured is done"
    assert figures["warm_bronze_exchanges_workers_us"] > 0
    ways = ("from_json", "bronze_exchanges", "quarantine_no_line_rejected", "quarantine_a_line_rejected")
    stages = {f"day_{day}_{table}" for day in (1, 2) for table in ("bronze_exchanges", "quality_quarantine")}
    assert {n.removesuffix("_java_us") for n in figures if n.endswith("_java_us")} == {f"warm_{way}" for way in ways} | stages
    assert all(spark.read.parquet(f"{tmp_path}/plain/{day}").count() for day in days)
