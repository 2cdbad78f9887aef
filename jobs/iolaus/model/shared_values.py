"""Pairs of accounts that share rare values, and how improbable that is.

For a value of d among N owners, an account's *contacts* are the other owners that it meets
through values of the channel at least as rare: the more addresses an account has, the less each proves.
The evidence of a shared value, in bits, is

    -log2 min(1, (n_contacts_a + n_contacts_b) / N)

which bounds from below the surprise that a random owner shares any value so rare with either account. Of
several shared values the best counts. Cost: the sum over values of the squared number of owners, which the channel's
floor bounds: a value of more owners than N / 2^(floor + 1) can never give so many bits and is not paired.

Members of one network of n accounts could all be paired, n^2 / 2 times, to say the same of each. So of the meetings in
which both accounts have more contacts than `Pairs.partners` a share is kept, partners / min(n_contacts_a,
n_contacts_b), chosen by a hash of the pair: every channel draws alike, so that what channels say of a pair still meets,
and a rare value, through which and rarer ones an account meets few, is always kept. An account of r contacts so keeps
some partners (1 + ln(r / partners)) others of its own choice, and is chosen by as many.

Pairs are counted before they are made. They are made in NumPy, a piece at a time, and those of one pair and channel are
joined where they are made, so that what is shuffled are pairs and not meetings, in Arrow batches, and nothing where one
task makes all.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.engine.exchange import by_task, partitioned, whole
from iolaus.engine.hashing import mix
from iolaus.engine.plan import one_or_many, tasks_for
from iolaus.engine.runs import run_lengths, run_starts
from iolaus.model.bits import MILLI, by_channel
from iolaus.settings import DEFAULT, Channels

# pairs of accounts that meet in a value, made in a task: where no two are of one pair, 1 GB in a Python worker
MEETINGS = 8_000_000
PIECE = 2_000_000  # of them, that are joined at a time
ROW = 3  # of them, that cost as much as a row of a value that makes pairs


def as_long(value: Column, form: str) -> Column:
    """A shared value as 64 bits: the head of a `pseudonym` (hexadecimal), or the hash of a `text`.

    A `hash` and a `number` already are 64 bits.
    """
    if form == "pseudonym":
        return F.conv(F.substring(value, 1, 16), 16, -10).cast("long")
    return F.when(value.isNotNull(), F.xxhash64(value)) if form == "text" else value.cast("long")


def pairable(channels: tuple[str, ...], owners: int, most: int, limits: Channels = DEFAULT.channels) -> Column:
    """Whether a row of `features.account_values` can make a pair worth the channel's floor.

    A value may have at most `most` owners.
    """
    floor = by_channel({name: 2.0 ** -limits[name].floor for name in channels})
    shared = F.col("channel").isin(*channels) & F.col("is_qualifying") & F.col("n_qualifying_owners").between(2, most)
    return shared & (F.col("n_contacts") / F.lit(float(owners)) <= floor)


def shared_value_pairs(
    shared_values: DataFrame,
    channels: tuple[str, ...],
    owners: int,
    most: int,
    limits: Channels = DEFAULT.channels,
    *,
    meetings: int = MEETINGS,
    piece: int = PIECE,
    partners: int = DEFAULT.pairs.partners,
) -> DataFrame:
    """One row per pair and channel: (key_a, key_b, channel, value_hash, sharers, support, bits, similarity).

    key_a < key_b, of different owners. value_hash: the rarest that they share, of `sharers` owners; support: how many
    they share; bits: thousandths, at most the channel's cap; similarity: Jaccard similarity of their pairable values,
    weighted by rarity; of a pair of which not all meetings were kept, the last two are of those that were. A task makes
    about `meetings` pairs of accounts that meet in a value, `piece` at a time.
    """
    pairs = pairable(channels, owners, most, limits)
    # keys are of one run, and what is kept should not depend on them
    drawn_by = F.xxhash64("account_id").alias("account_hash")
    rows = shared_values.where(pairs).select(
        "account_key", drawn_by, "owner_id", "channel", "value_hash", "n_qualifying_owners", "n_contacts"
    )
    # A row is read, and those that make pairs meet half of the others of their value; accounts of one owner add a few.
    cost = 1 + F.when(pairs, (F.col("n_qualifying_owners") - 1) / 2 + ROW).otherwise(0)

    def alone(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _best(_meetings(_weighed(batches, owners), owners, limits, piece, partners), limits)

    def spread(rows: DataFrame, tasks: int) -> DataFrame:
        weight = F.round(MILLI * F.log2(F.lit(float(owners)) / F.col("n_qualifying_owners"))).cast("long")
        total = rows.groupBy("account_key", "channel").agg(F.sum(weight).alias("total"))
        weighed = (
            rows.withColumn("weight", weight)
            .join(total, ["account_key", "channel"])
            .repartition(tasks, "channel", "value_hash")
        )
        met = partitioned(
            weighed,
            lambda met: _task(met, tasks),
            lambda batches: _meetings(whole(batches), owners, limits, piece, partners),
        )
        return by_task(met, tasks, lambda batches: _best(batches, limits), _PAIR)

    return one_or_many(rows, tasks_for(shared_values, cost, meetings), alone, spread, _PAIR).select(*_SHOWN)


_PAIR = "key_a long, key_b long, channel string, value_hash long, sharers int, support int, bits int, similarity double"
_SHOWN = [field.split()[0] for field in _PAIR.split(", ")]
_RANKS = 1 << 31  # more than a value may have owners

Ints = npt.NDArray[np.int64]


def _weighed(batches: Iterable[pa.RecordBatch], owners: int) -> pa.Table | None:
    """All rows, where one task has them: with the weight of each value, and its account's total in the channel."""
    rows = whole(batches)
    if rows is None:
        return None
    weight = np.round(MILLI * np.log2(owners / rows["n_qualifying_owners"].to_numpy())).astype(np.int64)
    _, account = np.unique(rows["account_key"].to_numpy(), return_inverse=True)
    channel, _ = _ranked(rows["channel"])
    _, group = np.unique(channel * (account.max() + 1) + account, return_inverse=True)
    total = np.zeros(group.max() + 1, np.int64)
    np.add.at(total, group, weight)
    return rows.append_column("weight", pa.array(weight)).append_column("total", pa.array(total[group]))


def _ranked(column: pa.ChunkedArray) -> tuple[Ints, pa.StringArray]:
    """The rank of each value of a column of strings among its sorted distinct values, and those values."""
    coded = column.combine_chunks()
    coded = coded if pa.types.is_dictionary(coded.type) else coded.dictionary_encode()
    values = pc.unique(coded.dictionary)
    values = values.take(pc.sort_indices(values))
    return pc.index_in(coded.dictionary, value_set=values).to_numpy().astype(np.int64)[coded.indices.to_numpy()], values


def _meetings(
    rows: pa.Table | None, owners: int, limits: Channels, piece: int, partners: int
) -> Iterator[pa.RecordBatch]:
    """The pairs that meet in the values of a task, which has all rows of each.

    One row per pair, channel and piece of the work.

    (key_a, key_b: long; channel: dictionary of strings; value_hash, sharers, support, bits, common, total_a, total_b:
    long), where common is the weight of the values that they share.
    """
    if rows is None:
        return
    (owner, _), (channel, channels) = (_ranked(rows[name]) for name in ("owner_id", "channel"))
    keys, account = np.unique(rows["account_key"].to_numpy(), return_inverse=True)
    caps = np.array([limits[name].cap * MILLI for name in channels.to_pylist()], np.int64)
    numbers = ("account_hash", "value_hash", "n_qualifying_owners", "n_contacts", "weight", "total")
    columns = [account, owner, channel, *(rows[n].to_numpy().astype(np.int64) for n in numbers)]
    order = np.lexsort([account, columns[4], channel])
    account, owner, channel, account_hash, value_hash, n_qualifying_owners, n_contacts, weight, total = (
        column[order] for column in columns
    )
    first = run_starts(channel, value_hash)
    ends = np.repeat(np.append(first[1:], len(value_hash)), run_lengths(first, len(value_hash)))
    later = ends - np.arange(len(value_hash)) - 1  # each row meets those after it of its value
    done = np.cumsum(later)
    if not done[-1]:
        return
    cuts = np.unique(np.searchsorted(done, np.arange(piece, done[-1] + piece, piece)) + 1)
    for first, last in zip(np.r_[0, cuts[:-1]], np.minimum(cuts, len(value_hash)), strict=True):
        a = np.repeat(np.arange(first, last), later[first:last])
        b = a + 1 + np.arange(len(a)) - np.repeat(np.cumsum(later[first:last]) - later[first:last], later[first:last])
        kept = owner[a] != owner[b]
        kept &= _drawn(account_hash[a], account_hash[b]) * np.minimum(n_contacts[a], n_contacts[b]) < partners
        a, b = a[kept], b[kept]
        if not len(a):
            continue
        bits = np.round(-MILLI * np.log2(np.minimum((n_contacts[a] + n_contacts[b]) / owners, 1.0))).astype(np.int64)
        bits = np.minimum(bits, caps[channel[a]])
        key = (channel[a] * len(keys) + account[a]) * len(keys) + account[b]
        at, joined = _joined(key, bits, value_hash[a], n_qualifying_owners[a], np.ones(len(a), np.int64), weight[a])
        x, y = a[at], b[at]
        pair = [pa.array(keys[account[of]]) for of in (x, y)]
        arrays = [*pair, _coded(channels, channel[x]), *(pa.array(column) for column in (*joined, total[x], total[y]))]
        yield pa.RecordBatch.from_arrays(arrays, names=_MET)


_MET = ["key_a", "key_b", "channel", "value_hash", "sharers", "support", "bits", "common", "total_a", "total_b"]


def _coded(values: pa.StringArray, rank: Ints) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(rank.astype(np.int32)), values)


def _task(met: pa.RecordBatch, parts: int) -> npt.NDArray[np.int32]:
    """The task, out of `tasks`, that joins the rows of each account `a`."""
    return (mix(met["key_a"].to_numpy().view(np.uint64)) % np.uint64(parts)).astype(np.int32)


def _drawn(a: Ints, b: Ints) -> npt.NDArray[np.float64]:
    """A number from 0 to 1 for each pair of hashes, as good as random, and the same wherever the pair is met."""
    return mix(a.view(np.uint64) ^ mix(b.view(np.uint64))).astype(np.float64) * 2.0**-64


def _joined(
    key: Ints, bits: Ints, value_hash: Ints, sharers: Ints, support: Ints, common: Ints
) -> tuple[Ints, tuple[Ints, ...]]:
    """Meetings of one key joined: one row per key, with (value_hash, sharers, support, bits, common).

    The best value is the one with most bits, then fewest sharers, then the greatest hash.
    """
    order = np.argsort(key, kind="stable")
    first = run_starts(key[order])
    rank = (bits * _RANKS + (_RANKS - 1 - sharers))[order]
    best = np.maximum.reduceat(rank, first)
    is_best = rank == np.repeat(best, run_lengths(first, len(key)))
    chosen = np.maximum.reduceat(np.where(is_best, value_hash[order], np.iinfo(np.int64).min), first)
    counts, sums = (np.add.reduceat(x[order], first) for x in (support, common))
    return order[first], (chosen, _RANKS - 1 - best % _RANKS, counts, best // _RANKS, sums)


def _best(batches: Iterable[pa.RecordBatch], limits: Channels) -> Iterator[pa.RecordBatch]:
    """Of whole pairs: one row per pair and channel, where its best value is worth the channel's floor."""
    rows = whole(batches)
    if rows is None:
        return
    keys, ends = np.unique(np.concatenate([rows[side].to_numpy() for side in ("key_a", "key_b")]), return_inverse=True)
    a, b = ends[: len(rows)], ends[len(rows) :]
    channel, known = _ranked(rows["channel"])
    measured = [
        rows[name].to_numpy().astype(np.int64) for name in ("bits", "value_hash", "sharers", "support", "common")
    ]
    at, (value_hash, sharers, support, bits, common) = _joined((channel * len(keys) + a) * len(keys) + b, *measured)
    total = rows["total_a"].to_numpy()[at] + rows["total_b"].to_numpy()[at]
    floors = np.array([limits[name].floor * MILLI for name in known.to_pylist()])
    shown = bits >= floors[channel[at]]
    of, similarity = at[shown], common / (total - common)
    named = [pa.array(keys[a[of]]), pa.array(keys[b[of]]), known.take(pa.array(channel[of]))]
    numbers = [pa.array(x[shown].astype(np.int32)) for x in (sharers, support, bits)]
    arrays = [*named, pa.array(value_hash[shown]), *numbers, pa.array(similarity[shown])]
    yield pa.RecordBatch.from_arrays(arrays, names=_SHOWN)
