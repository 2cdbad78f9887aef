"""One Spark session for all tests, and one lake: starting the one and making the other take longer than most tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from runs import partitions, runner
from traffic import DAYS, write_landing

from iolaus.runtime.spark.session import INTERPRETED, session


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Two cores and two shuffle partitions, on any machine."""
    config = {
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        **INTERPRETED,
    }
    made = session("local[2]", name="tests", config=config)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small landing of two days: tests read it and copy it, and write nothing to it."""
    return write_landing(tmp_path_factory.mktemp("traffic") / "landing")


@pytest.fixture(scope="session")
def lake(spark: SparkSession, landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake of a backfill of both days: tests read it and copy it, and write nothing to it.

    One partition suffices for so little and costs least; that more make the same rows is a test (test_run.py).
    """
    made = tmp_path_factory.mktemp("lake")
    with partitions(spark, 1):
        touched = runner(spark, landing, made).run(DAYS)
    assert touched == {DAYS[0]: [], DAYS[1]: [DAYS[0]]}
    return made
