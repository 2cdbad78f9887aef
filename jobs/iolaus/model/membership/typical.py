"""Tokens that a group has unusually often."""

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

from iolaus.engine.records import packed, unpacked
from iolaus.engine.runs import begins, run_lengths
from iolaus.model.account_bins import Ints
from iolaus.model.bits import MILLI
from iolaus.model.membership.group import Groups
from iolaus.model.signals import CHANNEL, TOKEN_FAMILIES
from iolaus.settings import Profile

AT_ONCE = 2_000  # accounts whose tokens are spread out: of a thousand each, 100 MB in a Python worker
SUBJECT = "content"  # the channel of the account's vector, which is no token


# In the order of their names, so that ties between their places fall as ties between names would.
CHANNELS = sorted([SUBJECT, *(c for family in TOKEN_FAMILIES.values() for c in family)])
HELD = np.dtype([("channel", "i1"), ("token", "<i8"), ("users", "<i4"), ("counts", "?")])  # channel: its place in CHANNELS
_IN_CONTENT = np.array([CHANNEL[c].family == "content" for c in CHANNELS])


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


def typical_tokens(members: DataFrame, accounts: DataFrame, groups: Groups, owners: int, settings: Profile) -> Typical:
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
    others = F.greatest(F.lit(owners) - F.col("size"), F.lit(1))
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
