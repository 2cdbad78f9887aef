"""The population with which a group's profile is compared: how many accounts and owners there are, and what they do.

Who counts is decided once per run, in `features.population`: every rate, count and sample is of its background.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.joins.cosine.join import sampled
from iolaus.model.account_bins import BINNED, BINS, Floats, Ints
from iolaus.text.embedding import DIMENSIONS

SAMPLE = 2_000  # accounts whose vectors stand for everybody's: 1 MB on the driver


@dataclass(frozen=True)
class Size:
    """How many accounts, and how many owners, are background; at least 1 each."""

    accounts: int
    owners: int


def size(population: DataFrame) -> Size:
    """The size of the background, of `features.population`."""
    counted = [F.count(F.when(F.col(name), 1)) for name in ("is_background", "is_first_of_owner")]
    accounts, owners = population.agg(*counted).first() or (0, 0)
    return Size(max(accounts, 1), max(owners, 1))


def of_background(rows: DataFrame, population: DataFrame) -> DataFrame:
    """The rows of accounts that are background, each with its `account_key` and `owner_id`."""
    known = population.where("is_background").select("account_id", "account_key", "owner_id")
    return rows.join(known, "account_id")


@dataclass(frozen=True)
class Background:
    """Everybody.

    Accounts by measure and bin, (measures, BINS), the vectors of a sample, (sample, DIMENSIONS), and accounts by hour.
    """

    bins: Ints
    vectors: Floats
    hours: Ints  # (hours of the window,)


def histogram(bins: pa.ChunkedArray) -> Ints:
    """Accounts by measure and bin, (measures, BINS)."""
    values = bins.combine_chunks().flatten()
    measure = np.tile(np.arange(len(BINNED)), len(bins))
    there = values.is_valid().to_numpy(zero_copy_only=False)
    flat = measure[there] * BINS + values.drop_null().to_numpy()
    return np.bincount(flat, minlength=len(BINNED) * BINS).reshape(len(BINNED), BINS)


def by_hour(hours: pa.ChunkedArray, window: int) -> Ints:
    """Accounts active by hour, shape (window,), from lists of hours of the window."""
    return np.bincount(hours.combine_chunks().flatten().to_numpy(zero_copy_only=False), minlength=window).astype(
        np.int64
    )


def background(binned: DataFrame, days: int) -> Background:
    """Everybody, of `bins` of a window of `days`."""
    window = 24 * days

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            counted, hours = (
                histogram(pa.chunked_array([batch.column("bins")])).ravel(),
                by_hour(pa.chunked_array([batch.column("hours")]), window),
            )
            both = [pa.array([x.tolist()], pa.list_(pa.int64())) for x in (counted, hours)]
            yield pa.RecordBatch.from_arrays(both, names=["counted", "hours"])

    # One row per batch of accounts.
    parts = binned.select("bins", "hours").mapInArrow(count, "counted array<long>, hours array<long>").toArrow()
    counted = np.array(parts["counted"].to_pylist(), np.int64).reshape(-1, len(BINNED), BINS).sum(axis=0)
    hours = np.array(parts["hours"].to_pylist(), np.int64).reshape(-1, window).sum(axis=0)
    vectors = sampled(binned.select(F.col("account_id").alias("id"), "vector"), SAMPLE).astype(np.float64)
    return Background(counted, vectors.reshape(-1, DIMENSIONS), hours)
