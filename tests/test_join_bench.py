"""The joins' benchmark still runs, at toy size, and every method in it finds what it should."""

import importlib
from pathlib import Path

import pytest
from pyspark.sql import SparkSession


def test_every_part_runs_and_finds_what_it_should(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    joins = importlib.import_module("joins")
    bench = joins.measure(spark, joins.TOY, list(joins.PARTS))
    assert bench.figures.keys() == {
        "join_speedup_vs_mllib_20k",
        "join_recall_200k",
        "join_cpu_vs_faiss_200k",
        "join_cpu_vs_faiss_1m",
        "join_cost_vs_gemm_1m",
        "join_exponent_100k_1m",
        "join_skew_one",
        "join_skew_zipf",
        "components_seconds_10m_edges",
    }
    names = {result.name.split(",")[0] for _, result in bench.results}
    assert names >= {"this project", "MLlib", "exact GEMM", "FAISS IVF", "hnswlib", "SciPy"}
    mine = [result.recall for _, result in bench.results if result.name == "this project"]
    assert min(mine) >= 0.99
    assert min(result.recall for _, result in bench.results if result.name != "MLlib") >= 0.9
    assert min(result.recall for _, result in bench.results if result.name == "MLlib") > 0.5
    assert all(result.pairs > 0 for _, result in bench.results if "extrapolated" not in result.name)
