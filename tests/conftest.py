"""One Spark session for all tests: starting one takes longer than most tests."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from jobs.runtime.session import INTERPRETED, session


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
