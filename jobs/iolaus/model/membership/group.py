"""What a group of accounts has more often than everybody: the profile that accounts are judged by in `profile`.

Tokens by channel, the time of creation, bins of behaviour, what is asked about. What comes to the driver is one row a
group, and a sample of everybody.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from iolaus.engine.runs import begins, run_lengths
from iolaus.joins.cosine.join import sampled
from iolaus.model.behaviour import measures
from iolaus.model.shared_values import MILLI
from iolaus.model.signals import CHANNEL, TOKEN_FAMILIES
from iolaus.settings import Profile
from iolaus.text.embedding import DIMENSIONS
from iolaus.text.fingerprints import packed, unpacked

BINNED = ("later_turns", "night", "output_tokens", "thinking", "tools", "zero_temperature", "streaming", "templated", "volume")
BINS = 16  # of one measure: no cut below makes more
SAMPLE = 2_000  # accounts whose vectors stand for everybody's: 1 MB on the driver
MEMBERS = 256  # members' cosines kept of a group
HOURS = 28 * 24  # hours of activity are told apart within so many, the default window; one longer folds onto itself

AT_ONCE = 2_000  # accounts whose tokens are spread out: of a thousand each, 100 MB in a Python worker
SUBJECT = "content"  # the channel of the account's vector, which is no token

# In the order of their names, so that ties between their places fall as ties between names would.
CHANNELS = sorted([SUBJECT, *(c for family in TOKEN_FAMILIES.values() for c in family)])
HELD = np.dtype([("channel", "i1"), ("token", "<i8"), ("users", "<i4"), ("counts", "?")])  # channel: its place in CHANNELS
_IN_CONTENT = np.array([CHANNEL[c].family == "content" for c in CHANNELS])

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


def held(tokens: DataFrame) -> DataFrame:
    """(account_id, held): what each account has in common with others, of `features.account_tokens`, as bytes: records HELD."""
    code = F.array_position(F.array(*map(F.lit, CHANNELS)), F.col("channel")).cast("tinyint") - F.lit(1).cast("tinyint")
    record = F.struct(code.alias("channel"), "token", "users", "counts")
    listed = tokens.where(F.col("channel").isin(*CHANNELS)).groupBy("account_id").agg(F.collect_list(record).alias("held"))

    def pack(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            lists = batch.column("held")
            items, records = lists.flatten(), np.empty(pc.sum(pc.list_value_length(lists)).as_py() or 0, HELD)
            for name in HELD.names or ():
                records[name] = items.field(name).to_numpy(zero_copy_only=False)
            made = [batch.column("account_id"), packed(pc.list_value_length(lists).to_numpy(), records)]
            yield pa.RecordBatch.from_arrays(made, names=["account_id", "held"])

    return listed.mapInArrow(pack, "account_id string, held binary")


def records(held: pa.BinaryArray) -> tuple[Ints, npt.NDArray[Any]]:
    """The row of each record of a column `held`, and the records."""
    lengths, items = unpacked(held, HELD)
    return np.repeat(np.arange(len(held)), lengths), items


@dataclass(frozen=True)
class Typical:
    """Tokens that a group has unusually often, the best of each channel; (n,) each, in the order of token and channel."""

    token: Ints
    channel: Ints  # its place in CHANNELS
    group: Ints  # its place in `Groups.names`
    having: Ints  # members whose use of it counts
    users: Ints  # owners that have it at large
    usual: npt.NDArray[np.bool_]  # whether nearly all members send it, so that it is missed in who does not
    cost: Ints  # what it says against an account, in thousandths of a bit, that it lacks all of those; 0 where there is none

    @cached_property
    def _sought(self) -> tuple[Ints, Ints]:
        """The distinct tokens, in order, and of each row here its token's place among them and its channel, as one number."""
        tokens = np.unique(self.token)
        return tokens, np.searchsorted(tokens, self.token) * len(CHANNELS) + self.channel

    def missed(self, groups: int) -> Ints:
        """The `cost` of each of so many groups, 0 of one without tokens."""
        costs = np.zeros(groups, np.int64)
        costs[self.group] = self.cost
        return costs

    def met(self, held: pa.BinaryArray) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
        """Of rows of `held`, each record that is typical of a group: its row, its place here, and whether the use counts."""
        row, items = records(held)
        tokens, own = self._sought
        at = np.searchsorted(tokens, items["token"])
        known = np.flatnonzero(tokens[np.minimum(at, len(tokens) - 1)] == items["token"]) if len(tokens) else at[:0]
        row, wanted, counts = row[known], at[known] * len(CHANNELS) + items["channel"][known], items["counts"][known]
        first, last = (np.searchsorted(own, wanted, side=side) for side in ("left", "right"))
        n = last - first
        place = np.repeat(first, n) + np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        return np.repeat(row, n), place, np.repeat(counts, n)


def typical_tokens(members: DataFrame, accounts: DataFrame, groups: Groups, population: int, settings: Profile) -> Typical:
    """What is typical of each group. members: (community, account_id); accounts: (account_id, held)."""
    names = pa.array(groups.names, pa.string())

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for start in range(0, batch.num_rows, AT_ONCE):
                part = batch.slice(start, AT_ONCE)
                group = pc.index_in(part.column("community"), names).to_numpy().astype(np.int64)
                row, items = records(part.column("held"))
                counted = items["counts"]
                code = group[row[counted]] * len(CHANNELS) + items["channel"][counted]
                order = np.lexsort([code, items["token"][counted]])
                token, code, users = items["token"][counted][order], code[order], items["users"][counted][order]
                first = begins(token, code)
                found = [code[first].astype(np.int32), token[first], run_lengths(first, len(token)).astype(np.int32), users[first]]
                yield pa.RecordBatch.from_arrays([pa.array(x) for x in found], names=["code", "token", "having", "users"])

    sizes = pa.table({"community": names, "group": np.arange(len(names), dtype=np.int32), "size": groups.size})
    known = F.broadcast(members.sparkSession.createDataFrame(sizes))  # groups of enough members
    rows = members.join(known, "community").join(accounts.select("account_id", "held").where("held is not null"), "account_id")
    counts = rows.select("community", "held").mapInArrow(count, "code int, token long, having int, users int")
    of = counts.groupBy("code", "token").agg(F.sum("having").alias("having"), F.max("users").alias("users"))
    of = of.withColumn("group", (F.col("code") / len(CHANNELS)).cast("int")).join(known, "group")
    # Held against all others: of a large operation that is itself a good part of everybody, nothing would be unusual.
    others = F.greatest(F.lit(population) - F.col("size"), F.lit(1))
    outside = (F.greatest(F.col("users") - F.col("having"), F.lit(0)) + 1) / others
    order = Window.partitionBy("code").orderBy(F.desc("having"), "users", "token")
    unusual = of.where((F.col("having") >= settings.fewest) & (F.col("having") / F.col("size") >= settings.lift * outside))
    kept = unusual.withColumn("nth", F.row_number().over(order)).where(F.col("nth") <= settings.typical_tokens)
    table = kept.select("code", "token", "having", "users").toArrow()
    code, token, having, users = (table[name].to_numpy().astype(np.int64) for name in table.schema.names)
    order_ = np.lexsort([code, code % len(CHANNELS), token])
    code, token, having, users = (x[order_] for x in (code, token, having, users))
    group, channel = np.divmod(code, len(CHANNELS))
    share = having / groups.size[group]
    usual = _IN_CONTENT[channel] & (having >= settings.usual * groups.size[group])
    best = np.zeros(len(groups.names))
    np.maximum.at(best, group[usual], share[usual])
    cost = np.round(np.maximum(np.log2(1 - np.minimum(best, 0.95)), -settings.missing_cap) * MILLI).astype(np.int64)
    return Typical(token, channel, group, having, users, usual, cost[group])
