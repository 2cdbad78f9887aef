"""Measures of an account in bins, coarse enough for small groups."""

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

BINNED = (
    "later_turn_share",
    "night_share",
    "mean_output_tokens",
    "thinking_share",
    "tools_share",
    "zero_temperature_share",
    "stream_share",
    "templated_share",
    "volume",
)
BINS = 16  # of one measure: no cut below makes more
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def bins(behaviour: DataFrame, embeddings: DataFrame, places: DataFrame, days: int) -> DataFrame:
    """(account_id, place, bins, vector, hours).

    When it was made, each measure of `BINNED` cut, what it asks about, when it is active.

    Each but hours, which are modulo those of a window of `days`, is null where it is not known. behaviour:
    `features.account_behaviour`; embeddings:
    `features.account_profiles`; places: (account_id, place), 0 to 1. The cuts are coarse enough for small groups.
    """

    def cut(name: str) -> Column:
        value = F.col(name)
        if name == "volume":
            return F.floor(F.log2(value + 1) / 2)
        if name == "mean_output_tokens":
            return F.floor(F.log2(value + 1))
        if name == "night_share":
            return F.floor(value * 10)
        return F.when(value < 0.05, 0).when(value < 0.4, 1).when(value < 0.8, 2).when(value.isNotNull(), 3)

    last = F.lit(BINS - 1)
    cuts = F.array(*(F.when(cut(name) < last, cut(name)).when(cut(name) >= last, last).cast("int") for name in BINNED))
    hours = F.array_sort(
        F.array_distinct(F.transform("activity", lambda x: F.pmod(x["hour"], F.lit(24 * days)).cast("int")))
    )
    asked = embeddings.select("account_id", "vector", hours.alias("hours"))
    return (
        behaviour.select("account_id", cuts.alias("bins")).join(asked, "account_id").join(places, "account_id", "left")
    )
