"""What a group of accounts has more often than everybody: the profile that accounts are judged by in `profile`.

Tokens by channel, the time of creation, bins of behaviour, what is asked about. What comes to the driver is one row a
group, and a sample of everybody.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.algorithms.behaviour import measures
from jobs.algorithms.channels import TOKEN_FAMILIES
from jobs.algorithms.cooccurrence import MILLI
from jobs.algorithms.cosine_join import sampled
from jobs.algorithms.embedding import DIMENSIONS
from jobs.settings import Profile

BINNED = ("later_turns", "night", "output_tokens", "thinking", "tools", "zero_temperature", "streaming", "templated", "volume")
BINS = 16  # of one measure: no cut below makes more
SAMPLE = 2_000  # accounts whose vectors stand for everybody's: 1 MB on the driver
MEMBERS = 256  # members' cosines kept of a group
HOURS = 28 * 24  # hours of activity are told apart within so many, the default window; one longer folds onto itself

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def bins(profiles: DataFrame, places: DataFrame) -> DataFrame:
    """(account_id, place, bins, vector, hours): when it was made, each measure of `BINNED` cut, what it asks about, when it is active.

    Each but hours, which are modulo HOURS, is null where it is not known. profiles: `features.account_embeddings` with
    `created_at`; places: (account_id, place), 0 to 1. The cuts are coarse enough for small groups.
    """
    every = measures()

    def cut(name: str) -> Column:
        value = every[name]
        if name == "volume":
            return F.floor(F.log2(value + 1) / 2)
        if name == "output_tokens":
            return F.floor(F.log2(value + 1))
        if name == "night":
            return F.floor(value * 10)
        return F.when(value < 0.05, 0).when(value < 0.4, 1).when(value < 0.8, 2).when(value.isNotNull(), 3)

    last = F.lit(BINS - 1)
    cuts = F.array(*(F.when(cut(name) < last, cut(name)).when(cut(name) >= last, last).cast("int") for name in BINNED))
    hours = F.array_sort(F.array_distinct(F.transform("activity", lambda x: F.pmod(x["hour"], F.lit(HOURS)).cast("int"))))
    return profiles.select("account_id", cuts.alias("bins"), "vector", hours.alias("hours")).join(places, "account_id", "left")


@dataclass(frozen=True)
class Groups:
    """What is known of each group beside its tokens; groups are numbered in the order of their names."""

    names: list[str]
    size: Ints
    low: Floats  # places of creation between which most members were made
    high: Floats
    inside: Ints  # members by measure and bin, (groups, measures, BINS)
    sums: Floats  # sum of members' vectors, (groups, DIMENSIONS)
    near: list[Floats]  # ascending cosines of members to the sum of the others, of at most MEMBERS
    hours: Ints  # members active by hour, (groups, HOURS)


@dataclass(frozen=True)
class Background:
    """Everybody: accounts by measure and bin, (measures, BINS), the vectors of a sample, (sample, DIMENSIONS), and accounts by hour."""

    bins: Ints
    vectors: Floats
    hours: Ints  # (HOURS,)


def nearness(vectors: Floats, sums: Floats, member: npt.NDArray[np.bool_]) -> Floats:
    """Cosines of unit vectors with sums of groups, (accounts, groups), a member's own vector left out of the sum.

    Rounded, so that a member's cosine is the same number wherever it is computed.
    """
    dots = vectors @ sums.T
    squares = (sums**2).sum(axis=1)[None, :]
    others = np.where(member, squares - 2 * dots + 1, squares)
    cosines: Floats = np.round(np.where(member, dots - 1, dots) / np.sqrt(np.maximum(others, 1e-6)), 6)
    return cosines


_DESCRIBED = (
    "community string, size long, low double, high double, inside array<long>, total array<double>, near array<double>, hours array<long>"
)


def described(members: DataFrame, binned: DataFrame, settings: Profile) -> Groups:
    """Each group of enough members. members: (community, account_id); binned: see `bins`."""

    def describe(table: pa.Table) -> pa.Table:
        table = table.sort_by("account_id")  # sums of floats depend on their order
        places = table["place"].drop_null().to_numpy()
        low, high = np.quantile(places, [0.1, 0.9]) if len(places) else (0.0, 1.0)
        inside = _histogram(table["bins"]).ravel()
        vectors = matrix(table["vector"].combine_chunks().drop_null())
        total = vectors.sum(axis=0)
        near = np.sort(nearness(vectors, total[None, :], np.ones((len(vectors), 1), bool))[:, 0])
        near = near[np.unique(np.linspace(0, len(near) - 1, MEMBERS).astype(int))] if len(near) > MEMBERS else near
        return pa.table(
            {
                "community": table["community"].slice(0, 1),
                "size": pa.array([len(table)], pa.int64()),
                "low": pa.array([float(low)]),
                "high": pa.array([float(high)]),
                "inside": pa.array([inside.tolist()], pa.list_(pa.int64())),
                "total": pa.array([total.tolist()], pa.list_(pa.float64())),
                "near": pa.array([near.tolist()], pa.list_(pa.float64())),
                "hours": pa.array([by_hour(table["hours"]).tolist()], pa.list_(pa.int64())),
            }
        )

    grouped = members.join(binned, "account_id").groupBy("community")
    rows = grouped.applyInArrow(describe, _DESCRIBED).toArrow()
    rows = rows.filter(pa.array(rows["size"].to_numpy() >= settings.fewest)).sort_by("community").combine_chunks()
    inside = rows["inside"].combine_chunks().flatten().to_numpy().reshape(-1, len(BINNED), BINS)
    sums = rows["total"].combine_chunks().flatten().to_numpy().reshape(-1, DIMENSIONS)
    near = [np.array(x) for x in rows["near"].to_pylist()]
    low, high = rows["low"].to_numpy(), rows["high"].to_numpy()
    hours = rows["hours"].combine_chunks().flatten().to_numpy().reshape(-1, HOURS)
    return Groups(rows["community"].to_pylist(), rows["size"].to_numpy(), low, high, inside, sums, near, hours)


def matrix(vectors: pa.ListArray) -> Floats:
    """Rows of unit vectors, (rows, DIMENSIONS)."""
    rows: Floats = vectors.flatten().to_numpy(zero_copy_only=False).astype(np.float64).reshape(-1, DIMENSIONS)
    return rows


def _histogram(bins: pa.ChunkedArray) -> Ints:
    """Accounts by measure and bin, (measures, BINS)."""
    values = bins.combine_chunks().flatten()
    measure = np.tile(np.arange(len(BINNED)), len(bins))
    there = values.is_valid().to_numpy(zero_copy_only=False)
    flat = measure[there] * BINS + values.drop_null().to_numpy()
    return np.bincount(flat, minlength=len(BINNED) * BINS).reshape(len(BINNED), BINS)


def by_hour(hours: pa.ChunkedArray) -> Ints:
    """Accounts active by hour, (HOURS,), of lists of hours."""
    return np.bincount(hours.combine_chunks().flatten().to_numpy(zero_copy_only=False), minlength=HOURS).astype(np.int64)


def background(binned: DataFrame) -> Background:
    """Everybody, of `bins`."""

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            counted, hours = (
                _histogram(pa.chunked_array([batch.column("bins")])).ravel(),
                by_hour(pa.chunked_array([batch.column("hours")])),
            )
            both = [pa.array([x.tolist()], pa.list_(pa.int64())) for x in (counted, hours)]
            yield pa.RecordBatch.from_arrays(both, names=["counted", "hours"])

    # One row a batch of accounts.
    parts = binned.select("bins", "hours").mapInArrow(count, "counted array<long>, hours array<long>").toArrow()
    counted = np.array(parts["counted"].to_pylist(), np.int64).reshape(-1, len(BINNED), BINS).sum(axis=0)
    hours = np.array(parts["hours"].to_pylist(), np.int64).reshape(-1, HOURS).sum(axis=0)
    vectors = sampled(binned.select(F.col("account_id").alias("id"), "vector"), SAMPLE).astype(np.float64)
    return Background(counted, vectors.reshape(-1, DIMENSIONS), hours)


def typical_tokens(members: DataFrame, tokens: DataFrame, population: int, settings: Profile) -> DataFrame:
    """Tokens that a group has unusually often: (channel, token, community, having, users, missing), the best of each channel.

    missing: what it says against an account, in thousandths of a bit, that it lacks all the content that nearly
    all members send; null where the token is not of that kind.
    """
    size = F.count(F.lit(1)).over(Window.partitionBy("community"))
    grouped = members.select("community", "account_id", size.alias("size")).where(F.col("size") >= settings.fewest)
    of = (
        tokens.where("counts")
        .join(grouped, "account_id")
        .groupBy("community", "channel", "token")
        .agg(F.count(F.lit(1)).alias("having"), F.max("users").alias("users"), F.max("size").alias("size"))
    )
    # Held against all others: of a large operation that is itself a good part of everybody, nothing would be unusual.
    others = F.greatest(F.lit(population) - F.col("size"), F.lit(1))
    outside = (F.greatest(F.col("users") - F.col("having"), F.lit(0)) + 1) / others
    lift = (F.col("having") / F.col("size")) / outside
    order = Window.partitionBy("community", "channel").orderBy(F.desc("having"), "users", "token")
    unusual = of.where((F.col("having") >= settings.fewest) & (lift >= settings.lift))
    kept = unusual.withColumn("nth", F.row_number().over(order)).where(F.col("nth") <= settings.typical_tokens)
    usual = F.col("channel").isin(*TOKEN_FAMILIES["content"]) & (F.col("having") >= settings.usual * F.col("size"))
    share = F.max(F.when(usual, F.col("having") / F.col("size"))).over(Window.partitionBy("community"))
    cost = F.when(share.isNotNull(), F.round(F.greatest(F.log2(1 - F.least(share, F.lit(0.95))), F.lit(-settings.missing_cap)) * MILLI))
    cost = cost.cast("int")
    return kept.select(
        "channel", "token", "community", "having", "users", F.struct(usual.alias("usual"), cost.alias("cost")).alias("missing")
    )
