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
    assert figures["bronze_exchanges_workers_us"] > 0
    assert {name for name in figures if name.endswith("_java_us")} == {
        "from_json_java_us",
        "bronze_exchanges_java_us",
        "quarantine_no_line_rejected_java_us",
        "quarantine_a_line_rejected_java_us",
    }
    assert all(spark.read.parquet(f"{tmp_path}/plain/{day}").count() for day in days)
