"""Values that a group has unusually often."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.engine.frames import from_arrow
from iolaus.engine.records import packed, unpacked
from iolaus.engine.runs import run_lengths, run_starts
from iolaus.model.account_bins import Ints
from iolaus.model.bits import MILLI
from iolaus.model.membership.group import Groups
from iolaus.model.signals import CHANNEL, VALUE_FAMILIES
from iolaus.settings import Profile

AT_ONCE = 2_000  # accounts whose values are spread out: of a thousand each, 100 MB in a Python worker
SUBJECT = "content"  # the channel of the account's vector, which is no value


# In the order of their names, so that ties between their places fall as ties between names would.
CHANNELS = sorted([SUBJECT, *(c for family in VALUE_FAMILIES.values() for c in family)])
PACKED_VALUE = np.dtype(
    [("channel", "i1"), ("value_hash", "<i8"), ("n_owners", "<i4"), ("is_qualifying", "?")]
)  # channel: its place in CHANNELS
_IN_CONTENT = np.array([CHANNEL[c].family == "content" for c in CHANNELS])


def packed_values(shared_values: DataFrame) -> DataFrame:
    """(account_id, packed_values).

    What each account has in common with others, of `features.account_values`, as bytes: records PACKED_VALUE.
    """
    code = F.array_position(F.array(*map(F.lit, CHANNELS)), F.col("channel")).cast("tinyint") - F.lit(1).cast("tinyint")
    record = F.struct(code.alias("channel"), "value_hash", "n_owners", "is_qualifying")
    listed = (
        shared_values.where(F.col("channel").isin(*CHANNELS))
        .groupBy("account_id")
        .agg(F.collect_list(record).alias("packed_values"))
    )

    def pack(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            lists = batch.column("packed_values")
            items, records = lists.flatten(), np.empty(pc.sum(pc.list_value_length(lists)).as_py() or 0, PACKED_VALUE)
            for name in PACKED_VALUE.names or ():
                records[name] = items.field(name).to_numpy(zero_copy_only=False)
            made = [batch.column("account_id"), packed(pc.list_value_length(lists).to_numpy(), records)]
            yield pa.RecordBatch.from_arrays(made, names=["account_id", "packed_values"])

    return listed.mapInArrow(pack, "account_id string, packed_values binary")


def records(packed_values: pa.BinaryArray) -> tuple[Ints, npt.NDArray[Any]]:
    """The row of each record of a column `packed_values`, and the records."""
    lengths, items = unpacked(packed_values, PACKED_VALUE)
    return np.repeat(np.arange(len(packed_values)), lengths), items


@dataclass(frozen=True)
class Typical:
    """Values that a group has unusually often, the best of each channel.

    (n,) each, in the order of value and channel.
    """

    value_hash: Ints
    channel: Ints  # its place in CHANNELS
    group: Ints  # its place in `Groups.names`
    having: Ints  # members whose use of it counts
    n_owners: Ints  # owners that have it in the baseline
    usual: npt.NDArray[np.bool_]  # whether nearly all members send it, so that it is missed in who does not
    # what it says against an account, in thousandths of a bit, that it lacks all of those; 0 where there is none
    cost: Ints

    @cached_property
    def _sought(self) -> tuple[Ints, Ints]:
        """The distinct values, in order; and each row's place among them and channel, as one number."""
        value_hashes = np.unique(self.value_hash)
        return value_hashes, np.searchsorted(value_hashes, self.value_hash) * len(CHANNELS) + self.channel

    def missed(self, groups: int) -> Ints:
        """The `cost` of each of so many groups, 0 of one without values."""
        costs = np.zeros(groups, np.int64)
        costs[self.group] = self.cost
        return costs

    def met(self, packed_values: pa.BinaryArray) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
        """Of rows of `packed_values`, each record that is typical of a group.

        Its row, its place here, and whether the use counts.
        """
        row, items = records(packed_values)
        value_hashes, own = self._sought
        at = np.searchsorted(value_hashes, items["value_hash"])
        known = (
            np.flatnonzero(value_hashes[np.minimum(at, len(value_hashes) - 1)] == items["value_hash"])
            if len(value_hashes)
            else at[:0]
        )
        row, wanted, is_qualifying = (
            row[known],
            at[known] * len(CHANNELS) + items["channel"][known],
            items["is_qualifying"][known],
        )
        first, last = (np.searchsorted(own, wanted, side=side) for side in ("left", "right"))
        n = last - first
        place = np.repeat(first, n) + np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        return np.repeat(row, n), place, np.repeat(is_qualifying, n)


def typical_values(members: DataFrame, accounts: DataFrame, groups: Groups, owners: int, settings: Profile) -> Typical:
    """What is typical of each group. members: (community, account_id); accounts: (account_id, packed_values)."""
    names = pa.array(groups.names, pa.string())

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for start in range(0, batch.num_rows, AT_ONCE):
                part = batch.slice(start, AT_ONCE)
                group = pc.index_in(part.column("community"), names).to_numpy().astype(np.int64)
                row, items = records(part.column("packed_values"))
                counted = items["is_qualifying"]
                code = group[row[counted]] * len(CHANNELS) + items["channel"][counted]
                order = np.lexsort([code, items["value_hash"][counted]])
                value_hash, code, n_owners = (
                    items["value_hash"][counted][order],
                    code[order],
                    items["n_owners"][counted][order],
                )
                first = run_starts(value_hash, code)
                found = [
                    code[first].astype(np.int32),
                    value_hash[first],
                    run_lengths(first, len(value_hash)).astype(np.int32),
                    n_owners[first],
                ]
                yield pa.RecordBatch.from_arrays(
                    [pa.array(x) for x in found], names=["code", "value_hash", "having", "n_owners"]
                )

    sizes = pa.table({"community": names, "group": np.arange(len(names), dtype=np.int32), "size": groups.size})
    known = F.broadcast(from_arrow(members.sparkSession, sizes))  # groups of enough members
    rows = members.join(known, "community").join(
        accounts.select("account_id", "packed_values").where("packed_values is not null"), "account_id"
    )
    counts = rows.select("community", "packed_values").mapInArrow(
        count, "code int, value_hash long, having int, n_owners int"
    )
    of = counts.groupBy("code", "value_hash").agg(F.sum("having").alias("having"), F.max("n_owners").alias("n_owners"))
    of = of.withColumn("group", (F.col("code") / len(CHANNELS)).cast("int")).join(known, "group")
    # Held against all others: of a large operation that is itself a good part of everybody, nothing would be unusual.
    others = F.greatest(F.lit(owners) - F.col("size"), F.lit(1))
    outside = (F.greatest(F.col("n_owners") - F.col("having"), F.lit(0)) + 1) / others
    order = Window.partitionBy("code").orderBy(F.desc("having"), "n_owners", "value_hash")
    unusual = of.where(
        (F.col("having") >= settings.fewest) & (F.col("having") / F.col("size") >= settings.lift * outside)
    )
    kept = unusual.withColumn("nth", F.row_number().over(order)).where(F.col("nth") <= settings.typical_values)
    table = kept.select("code", "value_hash", "having", "n_owners").toArrow()
    code, value_hash, having, n_owners = (table[name].to_numpy().astype(np.int64) for name in table.schema.names)
    order_ = np.lexsort([code, code % len(CHANNELS), value_hash])
    code, value_hash, having, n_owners = (x[order_] for x in (code, value_hash, having, n_owners))
    group, channel = np.divmod(code, len(CHANNELS))
    share = having / groups.size[group]
    usual = _IN_CONTENT[channel] & (having >= settings.usual * groups.size[group])
    best = np.zeros(len(groups.names))
    np.maximum.at(best, group[usual], share[usual])
    cost = np.round(np.maximum(np.log2(1 - np.minimum(best, 0.95)), -settings.missing_cap) * MILLI).astype(np.int64)
    return Typical(value_hash, channel, group, having, n_owners, usual, cost[group])
