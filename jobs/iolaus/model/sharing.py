"""Who shares a value, counted in NumPy: its owners, and for each account its contacts through values as rare."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.engine.exchange import whole
from iolaus.engine.hashing import mix
from iolaus.engine.runs import run_lengths, run_starts
from iolaus.model.signals import CODES, TEMPLATES

NAMES = {code: name for name, code in CODES.items()}
SHARED = (
    "account_id string, account_key long, owner_id string, channel tinyint, value_hash long, n int, distinct_prompts "
    "int, is_qualifying boolean, "
    "n_owners int, n_qualifying_owners int"
)


def uses(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A row for each attribute and text fragment of each account, and for each thing that it was registered with."""
    for batch in batches:
        parts = [_listed(batch, name) for name in ("attributes", "fragments", "own")]
        yield from (part for part in parts if part.num_rows)


def task_of(uses: pa.RecordBatch, parts: int) -> npt.NDArray[np.int32]:
    """The task, out of `tasks`, that counts the value of each use."""
    salt = uses["channel"].to_numpy().astype(np.uint64) << np.uint64(56)
    return (mix(uses["value_hash"].to_numpy().view(np.uint64) ^ salt) % np.uint64(parts)).astype(np.int32)


def _listed(batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
    """The items of a column of lists of (channel, value_hash), with their companions, for channels that count."""
    lists = batch.column(name)
    row = pa.array(
        np.repeat(np.arange(batch.num_rows, dtype=np.int32), pc.fill_null(pc.list_value_length(lists), 0).to_numpy())
    )
    items = lists.flatten()
    one = pa.array(np.ones(len(items), np.int32))
    fields = {name: items.field(name) for name in [field.name for field in items.type]}
    owner = batch.column("owner_id").dictionary_encode()
    columns = [
        pa.DictionaryArray.from_arrays(row, batch.column("account_id")),
        batch.column("account_key").take(row),
        pa.DictionaryArray.from_arrays(owner.indices.take(row), owner.dictionary),
        fields["channel"],
        fields["value_hash"],
        fields.get("n", one),
        fields.get("distinct_prompts", one),
    ]
    uses = pa.RecordBatch.from_arrays(
        columns, names=["account_id", "account_key", "owner_id", "channel", "value_hash", "n", "distinct_prompts"]
    )
    known = pc.is_in(uses["channel"], value_set=pa.array(list(NAMES), pa.int8()))
    return uses.filter(pc.and_(known, pc.is_valid(uses["value_hash"])))


def _repeated(value_hash: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The rows whose value stands in another row too."""
    order = np.argsort(value_hash)
    same = np.diff(value_hash[order]) == 0
    return order[np.append(same, False) | np.append(False, same)] if len(order) else order


def count_owners(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Uses of whole values: one row per account, with the owners that have the value, where there are two or more."""
    every = whole(batches)
    if every is None:
        return
    # the rest is the most, and not worth sorting by all keys
    uses = every.take(pa.array(_repeated(every["value_hash"].to_numpy())))
    account, owner = (uses[name].combine_chunks() for name in ("account_id", "owner_id"))
    a, o = account.indices.to_numpy(), owner.indices.to_numpy()
    account_key, channel, value_hash, n, distinct_prompts = (
        uses[name].to_numpy() for name in ("account_key", "channel", "value_hash", "n", "distinct_prompts")
    )
    order = np.lexsort([a, o, value_hash, channel])
    a, o, account_key, channel, value_hash, n, distinct_prompts = (
        x[order] for x in (a, o, account_key, channel, value_hash, n, distinct_prompts)
    )
    # one account may have a value from two places, as its address at sign-up
    first = run_starts(channel, value_hash, o, a)
    n, distinct_prompts = np.add.reduceat(n, first), np.maximum.reduceat(distinct_prompts, first)
    a, o, account_key, channel, value_hash = (x[first] for x in (a, o, account_key, channel, value_hash))
    is_qualifying = ~np.isin(channel, [*TEMPLATES.values()]) | (distinct_prompts >= 2)
    per_owner = run_starts(channel, value_hash, o)
    owner_qualifies = np.logical_or.reduceat(is_qualifying, per_owner)
    per_value = run_starts(channel[per_owner], value_hash[per_owner])
    n_owners, n_qualifying_owners = (
        run_lengths(per_value, len(per_owner)),
        np.add.reduceat(owner_qualifies.astype(np.int64), per_value),
    )
    rows = run_lengths(per_owner[per_value], len(a))
    n_owners, n_qualifying_owners = np.repeat(n_owners, rows), np.repeat(n_qualifying_owners, rows)
    kept = n_owners >= 2
    columns = [
        account.dictionary.take(pa.array(a[kept])),
        pa.array(account_key[kept]),
        owner.dictionary.take(pa.array(o[kept])),
        pa.array(channel[kept], pa.int8()),
        pa.array(value_hash[kept]),
        *(pa.array(x[kept].astype(np.int32)) for x in (n, distinct_prompts)),
        pa.array(is_qualifying[kept]),
        *(pa.array(x[kept].astype(np.int32)) for x in (n_owners, n_qualifying_owners)),
    ]
    names = [
        "account_id",
        "account_key",
        "owner_id",
        "channel",
        "value_hash",
        "n",
        "distinct_prompts",
        "is_qualifying",
        "n_owners",
        "n_qualifying_owners",
    ]
    yield from pa.table(columns, names=names).to_batches(max_chunksize=50_000)


def contacts_of(counted: pa.Table) -> npt.NDArray[np.int64]:
    """For each row: the other owners met through values of its channel with no more qualifying owners.

    counted: all rows of whole accounts.
    """
    account = counted["account_key"].to_numpy()
    channel, n_qualifying_owners = counted["channel"].to_numpy(), counted["n_qualifying_owners"].to_numpy()
    others = np.where(
        pc.fill_null(counted["is_qualifying"], False).to_numpy(), np.maximum(n_qualifying_owners - 1, 0), 0
    ).astype(np.int64)
    order = np.lexsort([n_qualifying_owners, channel, account])
    account, channel, n_qualifying_owners = account[order], channel[order], n_qualifying_owners[order]
    total = np.cumsum(others[order])
    group = run_starts(account, channel)
    before = np.repeat(total[group] - others[order][group], run_lengths(group, len(order)))
    tie = run_starts(account, channel, n_qualifying_owners)
    last = np.append(tie[1:], len(order)) - 1
    through = np.repeat(total[last], run_lengths(tie, len(order))) if len(order) else total
    out = np.empty(len(order), np.int64)
    out[order] = through - before
    return out
