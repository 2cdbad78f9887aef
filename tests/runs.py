"""Runs of the pipeline in tests: one key for all."""

from pathlib import Path

from pyspark.sql import SparkSession

from jobs.runtime.runner import Runner
from jobs.settings import DEFAULT, Key

KEY = "a key for tests alone"


def runner(spark: SparkSession, landing: Path | None, lake: Path) -> Runner:
    """A runner of the default settings."""
    return Runner(spark, str(lake), DEFAULT, Key(KEY.encode()), None if landing is None else str(landing))
