"""Additive sketches of an account's exchanges.

`sketch` turns exchanges into one row per account; `merge` joins such rows. Any split of the exchanges,
sketched in parts and merged in any order, gives the same row to the bit, for every field is a sum of
integers, a minimum, a maximum, a set union or a bottom-k sample by a fixed hash:

    merge(sketch(A) + sketch(B)) == sketch(A + B)

Bottom-k (Cohen and Kaplan, PODC 2007): of the distinct items of a set those with the k smallest hashes, or
ranks, are kept. The k smallest of a union are among the k smallest of its parts, so the sample is additive and
its counts are exact; and as all accounts use one hash, an item that two accounts share is kept by both or
by neither, so samples stay comparable. A set that reached k says so by its length. Hashes and ranks are keyed:
see `iolaus.model.sampling`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.engine.records import unpacked
from iolaus.engine.runs import run_starts
from iolaus.model import sketch_columns as column
from iolaus.model.failed import FAILED_FROM
from iolaus.model.openings import merged, opened
from iolaus.model.sampling import ranks
from iolaus.model.signals import ATTRIBUTE_CODES
from iolaus.model.sketch_columns import RECORDS, Groups, Ints
from iolaus.schemas.sketch import ABSENT, OPENING, PROMPT_FIELDS
from iolaus.settings import CAPABILITIES

SLOT_SECONDS = 600  # co-activity is counted in ten-minute slots
SLOTS_A_DAY = 86_400 // SLOT_SECONDS
OUTPUT_BINS = 16  # powers of two of output tokens


SUMS: tuple[str, ...] = (
    "n_exchanges",
    "n_with_prompt",
    "n_later_turns",
    "n_thinking",
    "n_stream",
    "n_zero_temperature",
    "n_images",
    "n_with_tools",
    "n_tool_calls",
    "n_calling",
    "n_errors",
    "n_truncated",
    "prompt_words",
    "input_tokens",
    "output_tokens",
    "reasoning_tokens",
)
FIXED: dict[str, int] = {"output_histogram": OUTPUT_BINS, "capability_counts": len(CAPABILITIES)}

SKETCH = pa.schema(
    [
        ("account_id", pa.string()),
        *((name, pa.int64()) for name in SUMS),
        ("first_at", pa.timestamp("us", tz="UTC")),
        ("last_at", pa.timestamp("us", tz="UTC")),
        *((name, pa.list_(pa.int32())) for name in FIXED),
        ("activity", pa.list_(column.ACTIVITY)),
        ("slots", pa.list_(pa.int32())),
        *((name, pa.binary()) for name in RECORDS),
        ("signature", pa.binary()),
    ]
)


def _grouped(table: pa.Table) -> tuple[pa.Table, Groups]:
    table = table.combine_chunks().sort_by("account_id")
    accounts = table["account_id"].combine_chunks()
    codes = accounts.dictionary_encode().indices.to_numpy().astype(np.int64)  # sorted, so codes ascend
    starts = run_starts(codes)
    return table, Groups(codes, starts, accounts.take(pa.array(starts)))


def _numpy(table: pa.Table, name: str, null: float = 0) -> npt.NDArray[Any]:
    filled: npt.NDArray[Any] = pc.fill_null(table[name].combine_chunks(), null).to_numpy(zero_copy_only=False)
    return filled


def _assemble(groups: Groups, columns: dict[str, Any]) -> pa.Table:
    columns["account_id"] = groups.names
    return pa.table([_as(columns[f.name], f.type) for f in SKETCH], schema=SKETCH)


def _as(column: Any, type_: pa.DataType) -> pa.Array:
    array = column if isinstance(column, pa.Array) else pa.array(column)
    return array if array.type == type_ else array.cast(type_)


def sketch(exchanges: pa.Table, salt: int) -> pa.Table:
    """One row per account (schema SKETCH) of exchanges in the columns of `silver.exchanges`, in any order.

    They have `draw` (a hash of the exchange's id) too, and the values of `ATTRIBUTE_CODES`. salt:
    `iolaus.model.sampling.salt_of`.
    """
    table, groups = _grouped(exchanges)
    if not groups.count:
        return SKETCH.empty_table()
    ones = np.ones(len(table), np.int64)
    at = table["requested_at"].combine_chunks().cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    seconds = at // 1_000_000
    columns: dict[str, Any] = {name: np.add.reduceat(value, groups.starts) for name, value in _addends(table).items()}
    columns["first_at"] = pa.array(np.minimum.reduceat(at, groups.starts)).cast(pa.timestamp("us", tz="UTC"))
    columns["last_at"] = pa.array(np.maximum.reduceat(at, groups.starts)).cast(pa.timestamp("us", tz="UTC"))
    columns["output_histogram"] = column.histogram(groups, _output_bin(_numpy(table, "output_tokens", -1)), OUTPUT_BINS)
    bits = _numpy(table, "capabilities").astype(np.int64)
    per_bit = np.stack([np.add.reduceat((bits >> i) & 1, groups.starts) for i in range(len(CAPABILITIES))], axis=1)
    columns["capability_counts"] = column.lists(
        np.full(groups.count, len(CAPABILITIES)), pa.array(per_bit.ravel().astype(np.int32))
    )
    columns["activity"] = column.activity(
        groups, groups.of, seconds // 3600, table["request_model"].combine_chunks(), ones
    )
    columns["slots"] = column.slots(groups, groups.of, seconds // SLOT_SECONDS)
    parts = [(name, code, table[f"{name}_value"].combine_chunks()) for name, code in ATTRIBUTE_CODES.items()]
    there = [pc.is_valid(hashes).to_numpy(zero_copy_only=False) for _, _, hashes in parts]
    columns["attributes"] = column.attributes(
        groups,
        np.concatenate([groups.of[t] for t in there]),
        np.concatenate([np.full(t.sum(), code, np.int64) for t, (_, code, _) in zip(there, parts, strict=True)]),
        np.concatenate([hashes.drop_null().to_numpy() for _, _, hashes in parts]),
        np.concatenate([ones[t] for t in there]),
        salt,
    )
    said = pc.is_valid(table["prompt_hash"].combine_chunks()).to_numpy(zero_copy_only=False)
    fields = [_numpy(table, name, ABSENT)[said].astype(np.int64) for name in PROMPT_FIELDS]
    # by what the prompt is alone: so its counts are whole
    rank = ranks(fields[0], _numpy(table, "n_words")[said], salt)
    columns["prompts"] = column.prompts(groups, groups.of[said], fields, ones[said], rank)
    lengths, term = unpacked(table["terms"].combine_chunks(), np.dtype("<i2"))
    columns["openings"] = opened(table, groups.of, (lengths, term.astype(np.int64)), salt, groups.count)
    columns["terms"] = column.terms(
        groups, np.repeat(groups.of, lengths), term.astype(np.int64), np.ones(len(term), np.int64)
    )
    columns["signature"] = column.signature(groups, table["signature"].combine_chunks())
    return _assemble(groups, columns)


def _addends(table: pa.Table) -> dict[str, Ints]:
    """What each exchange adds to each sum."""

    def flag(condition: npt.NDArray[np.bool_]) -> Ints:
        return condition.astype(np.int64)

    values = {
        "n_exchanges": np.ones(len(table), np.int64),
        "n_with_prompt": flag(pc.is_valid(table["prompt_hash"]).to_numpy()),
        "n_later_turns": flag(_numpy(table, "turn_index") > 0),
        "n_thinking": flag(_numpy(table, "thinking", False)),
        "n_stream": flag(_numpy(table, "stream", False)),
        "n_zero_temperature": flag(_numpy(table, "temperature", -1.0) == 0.0),
        "n_images": _numpy(table, "image_count").astype(np.int64),
        "n_with_tools": flag(pc.is_valid(table["tools_value"]).to_numpy()),
        "n_tool_calls": _numpy(table, "tool_call_count").astype(np.int64),
        "n_calling": flag(_numpy(table, "tool_call_count") > 0),
        "n_errors": flag(_numpy(table, "http_status") >= FAILED_FROM),
        "n_truncated": flag(_numpy(table, "truncated", False)),
        "prompt_words": _numpy(table, "n_words").astype(np.int64),
        "input_tokens": _numpy(table, "input_tokens").astype(np.int64),
        "output_tokens": _numpy(table, "output_tokens").astype(np.int64),
        "reasoning_tokens": _numpy(table, "reasoning_tokens").astype(np.int64),
    }
    return {name: values[name] for name in SUMS}


def _output_bin(tokens: npt.NDArray[Any]) -> Ints:
    """floor(log2(tokens + 1)) up to 15; -1 where unknown."""
    binned = np.minimum(np.floor(np.log2(np.maximum(tokens, 0) + 1.0)), OUTPUT_BINS - 1).astype(np.int64)
    return np.where(tokens < 0, -1, binned)


def merge(sketches: pa.Table, salt: int) -> pa.Table:
    """One row per account from rows of sketches, in any order.

    Other columns than SKETCH's are dropped. salt: as they were made.
    """
    table, groups = _grouped(sketches.select(SKETCH.names))
    if not groups.count or groups.count == len(table):
        return table.cast(SKETCH)
    columns: dict[str, Any] = {name: np.add.reduceat(_numpy(table, name), groups.starts) for name in SUMS}
    for name, reduce in (("first_at", np.minimum), ("last_at", np.maximum)):
        at = table[name].combine_chunks().cast(pa.int64()).to_numpy()
        columns[name] = pa.array(reduce.reduceat(at, groups.starts)).cast(pa.timestamp("us", tz="UTC"))
    for name, size in FIXED.items():
        flat = table[name].combine_chunks().flatten().to_numpy().reshape(-1, size)
        columns[name] = column.lists(
            np.full(groups.count, size), pa.array(np.add.reduceat(flat, groups.starts, axis=0).ravel())
        )
    group, items = column.flat(table, "activity", groups)
    columns["activity"] = column.activity(
        groups, group, _field(items, "hour"), items.field("model"), _field(items, "n")
    )
    group, items = column.flat(table, "slots", groups)
    columns["slots"] = column.slots(groups, group, items.to_numpy().astype(np.int64))
    group, (channel, value_hash, n) = column.recorded(table, "attributes", groups)
    columns["attributes"] = column.attributes(groups, group, channel, value_hash, n, salt)
    group, (*hashes, n, rank) = column.recorded(table, "prompts", groups)
    columns["prompts"] = column.prompts(groups, group, hashes, n, rank)
    lengths, records = unpacked(table["openings"].combine_chunks(), OPENING)
    columns["openings"] = merged(np.repeat(groups.of, lengths), records, groups.count)
    group, (term, n) = column.recorded(table, "terms", groups)
    columns["terms"] = column.terms(groups, group, term, n)
    columns["signature"] = column.signature(groups, table["signature"].combine_chunks())
    return _assemble(groups, columns)


def _field(items: pa.StructArray, name: str) -> Ints:
    values: Ints = items.field(name).to_numpy(zero_copy_only=False).astype(np.int64)
    return values


def stream(
    batches: Iterable[pa.RecordBatch], first: Callable[[pa.Table, int], pa.Table], salt: int
) -> Iterator[pa.Table]:
    """Sketches of batches; where these are sorted by account, each account is in one row of one of the tables.

    `first` is `sketch` or `merge`. Only the last account of a batch is carried to the next, as a sketch, so
    memory is bounded by a batch, however many exchanges one account has. An account whose rows lie apart is in
    several rows, which `merge` joins.
    """
    carried: pa.Table | None = None
    for batch in batches:
        if not batch.num_rows:
            continue
        table = first(pa.Table.from_batches([batch]), salt)
        if carried is not None and carried["account_id"][0] == table["account_id"][0]:
            table = pa.concat_tables([merge(pa.concat_tables([carried, table.slice(0, 1)]), salt), table.slice(1)])
        elif carried is not None:
            yield carried
        if len(table) > 1:
            yield table.slice(0, len(table) - 1)
        carried = table.slice(len(table) - 1)
    if carried is not None:
        yield carried
