"""Runs of the pipeline in tests: one key for all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from iolaus.runtime.runner import Runner
from iolaus.settings import DEFAULT, Key

KEY = "a key for tests alone"


def run_options(landing: Path, lake: Path | str, *days: object) -> list[str]:
    """What `iolaus run` is given on a command line: days are --date D, or --from D --to D."""
    return ["run", "--landing", str(landing), "--lake", str(lake), *map(str, days)]


def runner(spark: SparkSession, landing: Path | None, lake: Path, *, gated: bool = True) -> Runner:
    """A runner of the default settings.

    Gates change no row, and are a fifth of a small day: a test of rows may go without.
    """
    return Runner(spark, str(lake), DEFAULT, Key(KEY.encode()), None if landing is None else str(landing), gated=gated)


@contextmanager
def partitions(spark: SparkSession, number: int) -> Iterator[None]:
    """Shuffles have so many partitions inside."""
    name = "spark.sql.shuffle.partitions"
    before = spark.conf.get(name)
    spark.conf.set(name, number)
    try:
        yield
    finally:
        spark.conf.set(name, before)
