"""Rows beyond the first of each key.

Counted beside other figures, or in a pass of their own, the count is the definition's.
"""

from collections import Counter
from datetime import date

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from iolaus.runtime.gates.duplicates import count_duplicates, duplicates
from iolaus.schemas.table import table

SPEC = table("gold.cluster_links")
DAYS = (date(2026, 2, 1), date(2026, 2, 2), date(2026, 2, 3))
Key = tuple[str | None, str | None, str | None]


def frame(spark: SparkSession, n: int) -> tuple[DataFrame, Counter[date]]:
    """Rows of two of three days, every tenth without a part of its key; and each day's rows beyond the first."""
    rng = np.random.default_rng(5)
    names, channels = ["é", "b", "", "dd"], ["card", "address"]
    rows, seen, beyond = [], set[tuple[date, Key]](), Counter[date]()
    for _ in range(n):
        key: Key = (
            str(rng.choice(names)),
            str(rng.choice(names)),
            str(rng.choice(channels)) if rng.random() < 0.9 else None,
        )
        day = DAYS[int(rng.integers(0, 2))]
        beyond[day] += None in key or (day, key) in seen
        seen.add((day, key))
        rows.append((day, *key))
    return spark.createDataFrame(rows, "run_date date, account_a string, account_b string, channel string").repartition(
        3
    ), beyond


@pytest.mark.parametrize("n", [0, 1, 400])
def test_beside_other_figures_and_in_a_pass_of_its_own(spark: SparkSession, n: int) -> None:
    rows, expected = frame(spark, n)
    for day in DAYS:
        of_day = rows.where(F.col("run_date") == F.lit(day))
        assert [r.duplicate_keys for r in count_duplicates(of_day, SPEC).collect()] == [expected[day]]
        assert [r.duplicate_keys for r in of_day.agg(duplicates(SPEC)).collect()] == [expected[day]]
    assert n < 400 or min(expected[day] for day in DAYS[:2]) > 100
