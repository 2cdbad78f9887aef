"""Who shares a value: its owners counted, in NumPy, and for each account the owners that it meets through values as rare."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.engine.exchange import whole
from iolaus.engine.hashing import mix
from iolaus.engine.runs import begins, run_lengths
from iolaus.model.signals import CODES, WRAPPERS

NAMES = {code: name for name, code in CODES.items()}
SHARED = (
    "account_id string, account_key long, owner_id string, channel tinyint, token long, n int, fillings int, counts boolean, "
    "users int, degree int"
)


def uses(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A row for each trait and phrase of each account, and for each thing that it was registered with."""
    for batch in batches:
        parts = [_listed(batch, name) for name in ("traits", "phrases", "own")]
        yield from (part for part in parts if part.num_rows)


def task_of(uses: pa.RecordBatch, parts: int) -> npt.NDArray[np.int32]:
    """Which of so many tasks counts the token of each use."""
    salt = uses["channel"].to_numpy().astype(np.uint64) << np.uint64(56)
    return (mix(uses["token"].to_numpy().view(np.uint64) ^ salt) % np.uint64(parts)).astype(np.int32)


def _listed(batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
    """The items of a column of lists of (channel, token), with what accompanies them, where their channel is one that counts."""
    lists = batch.column(name)
    row = pa.array(np.repeat(np.arange(batch.num_rows, dtype=np.int32), pc.fill_null(pc.list_value_length(lists), 0).to_numpy()))
    items = lists.flatten()
    one = pa.array(np.ones(len(items), np.int32))
    fields = {name: items.field(name) for name in [field.name for field in items.type]}
    owner = batch.column("owner_id").dictionary_encode()
    columns = [
        pa.DictionaryArray.from_arrays(row, batch.column("account_id")),
        batch.column("account_key").take(row),
        pa.DictionaryArray.from_arrays(owner.indices.take(row), owner.dictionary),
        fields["channel"],
        fields["token"],
        fields.get("n", one),
        fields.get("fillings", one),
    ]
    uses = pa.RecordBatch.from_arrays(columns, names=["account_id", "account_key", "owner_id", "channel", "token", "n", "fillings"])
    known = pc.is_in(uses["channel"], value_set=pa.array(list(NAMES), pa.int8()))
    return uses.filter(pc.and_(known, pc.is_valid(uses["token"])))


def _repeated(token: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The rows whose token stands in another row too."""
    order = np.argsort(token)
    same = np.diff(token[order]) == 0
    return order[np.append(same, False) | np.append(False, same)] if len(order) else order


def count_owners(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Uses of whole tokens: one row an account, with the owners that have the token, where there are two or more."""
    every = whole(batches)
    if every is None:
        return
    uses = every.take(pa.array(_repeated(every["token"].to_numpy())))  # the rest is the most, and not worth sorting by all keys
    account, owner = (uses[name].combine_chunks() for name in ("account_id", "owner_id"))
    a, o = account.indices.to_numpy(), owner.indices.to_numpy()
    account_key, channel, token, n, fillings = (uses[name].to_numpy() for name in ("account_key", "channel", "token", "n", "fillings"))
    order = np.lexsort([a, o, token, channel])
    a, o, account_key, channel, token, n, fillings = (x[order] for x in (a, o, account_key, channel, token, n, fillings))
    first = begins(channel, token, o, a)  # one account may have a token from two places, as its address at sign-up
    n, fillings = np.add.reduceat(n, first), np.maximum.reduceat(fillings, first)
    a, o, account_key, channel, token = (x[first] for x in (a, o, account_key, channel, token))
    counts = ~np.isin(channel, [*WRAPPERS.values()]) | (fillings >= 2)
    per_owner = begins(channel, token, o)
    owner_counts = np.logical_or.reduceat(counts, per_owner)
    per_token = begins(channel[per_owner], token[per_owner])
    users, degree = run_lengths(per_token, len(per_owner)), np.add.reduceat(owner_counts.astype(np.int64), per_token)
    rows = run_lengths(per_owner[per_token], len(a))
    users, degree = np.repeat(users, rows), np.repeat(degree, rows)
    kept = users >= 2
    columns = [
        account.dictionary.take(pa.array(a[kept])),
        pa.array(account_key[kept]),
        owner.dictionary.take(pa.array(o[kept])),
        pa.array(channel[kept], pa.int8()),
        pa.array(token[kept]),
        *(pa.array(x[kept].astype(np.int32)) for x in (n, fillings)),
        pa.array(counts[kept]),
        *(pa.array(x[kept].astype(np.int32)) for x in (users, degree)),
    ]
    names = ["account_id", "account_key", "owner_id", "channel", "token", "n", "fillings", "counts", "users", "degree"]
    yield from pa.table(columns, names=names).to_batches(max_chunksize=50_000)


def reach_of(counted: pa.Table) -> npt.NDArray[np.int64]:
    """Of whole accounts: for each row, the other owners met through tokens of its channel of no higher degree."""
    account = counted["account_key"].to_numpy()
    channel, degree = counted["channel"].to_numpy(), counted["degree"].to_numpy()
    others = np.where(pc.fill_null(counted["counts"], False).to_numpy(), np.maximum(degree - 1, 0), 0).astype(np.int64)
    order = np.lexsort([degree, channel, account])
    account, channel, degree = account[order], channel[order], degree[order]
    total = np.cumsum(others[order])
    group = begins(account, channel)
    before = np.repeat(total[group] - others[order][group], run_lengths(group, len(order)))
    tie = begins(account, channel, degree)
    last = np.append(tie[1:], len(order)) - 1
    through = np.repeat(total[last], run_lengths(tie, len(order))) if len(order) else total
    out = np.empty(len(order), np.int64)
    out[order] = through - before
    return out
