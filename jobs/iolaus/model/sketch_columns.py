"""Each column of a sketch of accounts, made from items (an account's group, and what it has): counted, capped, packed.

What a sketch is, and why columns of parts merge to those of the whole: `iolaus.model.account_sketch`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.engine.records import packed, unpacked
from iolaus.engine.runs import run_lengths, run_starts
from iolaus.model.sampling import Ranks, draws
from iolaus.schemas.sketch import ATTRIBUTE, MINIMUM, OPENING, PROMPT, TERM
from iolaus.text.fingerprints import SIGNATURE, TERM_BUCKETS

Ints = npt.NDArray[np.int64]

MAX_PROMPTS = 512  # distinct prompts kept of an account, with their fingerprints
MAX_ATTRIBUTES = 128  # distinct values kept of an account in one channel
RECORDS: dict[str, np.dtype[Any]] = {"attributes": ATTRIBUTE, "prompts": PROMPT, "openings": OPENING, "terms": TERM}
ACTIVITY = pa.struct([("hour", pa.int32()), ("model", pa.string()), ("n", pa.int32())])


@dataclass(frozen=True)
class Groups:
    """Rows gathered by account: `of[i]` is the group of row i, `starts` where each begins, all ascending."""

    of: Ints
    starts: Ints
    names: pa.Array

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(self.starts)


def lists(lengths: Ints, values: pa.Array) -> pa.ListArray:
    """Values as lists of those lengths."""
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)), values)


def _counted(group: Ints, keys: list[npt.NDArray[Any]], n: Ints) -> tuple[Ints, list[npt.NDArray[Any]], Ints]:
    """Items (group, keys…) with their counts summed, in ascending order of group and keys."""
    if not len(group):
        return group, keys, n
    order = np.lexsort([*reversed(keys), group])
    first = run_starts(*(key[order] for key in (group, *keys)))
    return group[order][first], [k[order][first] for k in keys], np.add.reduceat(n[order], first)


def _bottom(group: Ints, order_of: npt.NDArray[Any], item: Ints, k: int) -> npt.NDArray[np.bool_]:
    """Which of distinct items are among the k of their group that come first by `order_of`, then by item."""
    if not len(group):
        return np.zeros(0, bool)
    sizes = run_lengths(run_starts(group), len(group))
    if sizes.max() <= k:
        return np.ones(len(group), bool)
    order = np.lexsort([item, order_of, group])
    rank = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    kept = np.zeros(len(group), bool)
    kept[order[rank < k]] = True
    return kept


def _struct_lists(count: int, group: Ints, type_: pa.StructType, columns: list[Any]) -> pa.ListArray:
    arrays = [c if isinstance(c, pa.Array) else pa.array(c) for c in columns]
    values = pa.StructArray.from_arrays([a.cast(type_.field(i).type) for i, a in enumerate(arrays)], fields=list(type_))
    return lists(np.bincount(group, minlength=count), values)


def _records(count: int, group: Ints, kind: np.dtype[Any], columns: list[npt.NDArray[Any]]) -> pa.BinaryArray:
    """Items of columns as bytes, one value per group; `group` says which group each item belongs to."""
    made = np.empty(len(group), kind)
    for name, values in zip(kind.names or (), columns, strict=True):
        made[name] = values
    return packed(np.bincount(group, minlength=count), made)


def recorded(table: pa.Table, name: str, groups: Groups) -> tuple[Ints, list[npt.NDArray[Any]]]:
    """The inverse of `_records` for a column of RECORDS: the group of each item, and its columns."""
    lengths, items = unpacked(table[name].combine_chunks(), RECORDS[name])
    return np.repeat(groups.of, lengths), [
        items[field] if field == "rank" else items[field].astype(np.int64) for field in items.dtype.names or ()
    ]


def flat(table: pa.Table, name: str, groups: Groups) -> tuple[Ints, pa.Array]:
    """Items of a list column with the group of each."""
    column = table[name].combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    return np.repeat(groups.of, lengths), column.flatten()


def activity(groups: Groups, group: Ints, hour: Ints, model: pa.Array, n: Ints) -> pa.ListArray:
    """Exchanges by hour and model: a list of ACTIVITY for each group."""
    ranked = _rank_strings(model)
    group, (hour, code), n = _counted(group, [hour, ranked.codes], n)
    return _struct_lists(groups.count, group, ACTIVITY, [hour, ranked.values.take(pa.array(code)), n])


@dataclass(frozen=True)
class _Ranked:
    codes: Ints
    values: pa.Array


def _rank_strings(strings: pa.Array) -> _Ranked:
    """Codes of strings by their order in the alphabet, so that results do not depend on the order of rows."""
    coded = strings.cast(pa.string()).dictionary_encode()
    order = pc.array_sort_indices(coded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    codes = rank[coded.indices.to_numpy()] if len(order) else np.empty(0, np.int64)
    return _Ranked(codes, coded.dictionary.take(pa.array(order)))


def attributes(groups: Groups, group: Ints, channel: Ints, value_hash: Ints, n: Ints, salt: int) -> pa.BinaryArray:
    """Distinct values with their counts, bottom-k of each channel."""
    group, (channel, value_hash), n = _counted(group, [channel, value_hash], n)
    kept = _bottom(group * 256 + channel, draws(value_hash, salt), value_hash, MAX_ATTRIBUTES)
    return _records(groups.count, group[kept], ATTRIBUTE, [channel[kept], value_hash[kept], n[kept]])


def prompts(groups: Groups, group: Ints, fields: list[Ints], n: Ints, rank: Ranks) -> pa.BinaryArray:
    """Distinct prompts, bottom-k. Fingerprints of texts that differ only in punctuation may differ: the least is kept.

    A hash that is ABSENT is greater than all others, so the minimum prefers a real one.
    """
    order = np.lexsort([fields[0], group])
    first = run_starts(group[order], fields[0][order])
    if len(order):
        group, n = group[order][first], np.add.reduceat(n[order], first)
        fields, rank = [np.minimum.reduceat(f[order], first) for f in fields], np.minimum.reduceat(rank[order], first)
    kept = _bottom(group, rank, fields[0], MAX_PROMPTS)
    return _records(groups.count, group[kept], PROMPT, [*(f[kept] for f in fields), n[kept], rank[kept]])


def slots(groups: Groups, group: Ints, slot: Ints) -> pa.ListArray:
    """Distinct slots, ascending."""
    group, (slot,), _ = _counted(group, [slot], np.ones(len(slot), np.int64))
    return lists(np.bincount(group, minlength=groups.count), pa.array(slot.astype(np.int32)))


def terms(groups: Groups, group: Ints, term: Ints, n: Ints) -> pa.BinaryArray:
    """Hashed terms with their counts summed, ascending."""
    if not len(group):
        return _records(groups.count, group, TERM, [term, n])
    cell = group * TERM_BUCKETS + term
    # groups ascend and so do the terms of a row: runs, which a stable sort merges
    order = np.argsort(cell, kind="stable")
    first = run_starts(cell[order])
    cell = cell[order][first]
    return _records(groups.count, cell // TERM_BUCKETS, TERM, [cell % TERM_BUCKETS, np.add.reduceat(n[order], first)])


def signature(groups: Groups, rows: pa.BinaryArray) -> pa.BinaryArray:
    """Element-wise minima of signatures; null where an account has none."""
    lengths, values = unpacked(rows, MINIMUM)
    of = groups.of[lengths > 0]
    first = run_starts(of)
    minima = np.minimum.reduceat(values.reshape(-1, SIGNATURE), first, axis=0) if len(of) else values
    signed = np.bincount(of[first], minlength=groups.count)
    return pc.if_else(pa.array(signed > 0), packed(signed * SIGNATURE, minima.ravel()), None)


def histogram(groups: Groups, bins: Ints, size: int) -> pa.ListArray:
    """How many items of each group are in each of `size` bins; an item of bin -1 is in none."""
    there = bins >= 0
    counts = np.bincount(groups.of[there] * size + bins[there], minlength=groups.count * size)
    return lists(np.full(groups.count, size), pa.array(counts.astype(np.int32)))
