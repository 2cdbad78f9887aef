"""One Spark session for all tests: starting one takes longer than most tests."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from jobs.runtime.session import session


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Two cores, and queries interpreted: small tests spend their time in planning and compiling."""
    config = {"spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2"}
    made = session("local[2]", name="tests", light=True, config=config)
    yield made
    made.stop()
