"""features.account_tokens: everything an account may share with another, counted against everybody's."""

from collections.abc import Iterable, Iterator
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.engine.exchange import by_task, dealt, whole
from iolaus.engine.runs import begins, run_lengths
from iolaus.model.signals import CHANNEL, WRAPPERS
from iolaus.schemas.codes import PHRASE_CHANNELS, TRAIT_CHANNELS
from iolaus.schemas.table import table
from iolaus.settings import Run
from iolaus.text.fingerprints import mix

USES = 2_000_000  # that a task counts in memory: half a gigabyte in a Python worker
_CODES = TRAIT_CHANNELS | {name.removesuffix("_hash"): code for name, code in PHRASE_CHANNELS.items()} | {"card": 40, "mail": 41}
_NAMES = {code: name for name, code in _CODES.items() if name in CHANNEL}
_SHARED = "account_id string, owner_id string, channel tinyint, token long, n int, fillings int, counts boolean, users int, degree int"


def transform(embeddings: DataFrame, accounts: DataFrame, run: Run) -> DataFrame:
    """One row an account, channel and token, of accounts active in the window without an agreement.

    Tokens that a single owner has are dropped: there is nobody to share them with. Licensed customers
    take no part, neither as suspects nor as background. Tokens are counted in memory, in one task where it can hold them
    all. Else there are two shuffles: by token, to count who has it, and by account, to add up whom it meets. To the first
    go all uses of all accounts, most of which nobody shares: thousands at a time, as one message, for as rows they would
    cost more than all else of the stage.
    """
    known = accounts.select("account_id", "owner_id", "agreement", "card", "mail_domain", "signup_address", "signup_block", "signup_asn")
    active = embeddings.select("account_id", "traits", "phrases").join(known, "account_id", "left").where("agreement is null")
    active = active.select(
        "account_id", F.coalesce("owner_id", "account_id").alias("owner_id"), "traits", "phrases", _own_tokens().alias("own")
    )
    day, schema = run.day, table("features.account_tokens").schema
    parts = _parts(active)
    if parts == 1:
        return active.coalesce(1).mapInArrow(lambda batches: _with_reach(_count_owners(_uses(batches)), day), schema)
    messages = dealt(active, lambda uses: _task(uses, parts), _uses)
    shared = by_task(messages, parts, _count_owners, _SHARED).repartition(parts, "account_id")
    return shared.mapInArrow(lambda batches: _with_reach(batches, day), schema)


def _uses(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A row for each trait and phrase of each account, and for each thing that it was registered with."""
    for batch in batches:
        parts = [_listed(batch, name) for name in ("traits", "phrases", "own")]
        yield from (part for part in parts if part.num_rows)


def _task(uses: pa.RecordBatch, parts: int) -> npt.NDArray[np.int32]:
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
        pa.DictionaryArray.from_arrays(owner.indices.take(row), owner.dictionary),
        fields["channel"],
        fields["token"],
        fields.get("n", one),
        fields.get("fillings", one),
    ]
    uses = pa.RecordBatch.from_arrays(columns, names=["account_id", "owner_id", "channel", "token", "n", "fillings"])
    known = pc.is_in(uses["channel"], value_set=pa.array(list(_NAMES), pa.int8()))
    return uses.filter(pc.and_(known, pc.is_valid(uses["token"])))


def _with_reach(batches: Iterable[pa.RecordBatch], day: date) -> Iterator[pa.RecordBatch]:
    """Rows of the table, of all shared tokens of whole accounts."""
    names = pa.array([_NAMES.get(code, "") for code in range(128)], pa.string())
    counted = whole(batches)
    if counted is None:
        return
    columns = {
        **{name: counted[name] for name in counted.schema.names},
        "run_date": pa.array([day] * len(counted), pa.date32()),
        "channel": names.take(counted["channel"].cast(pa.int32())),
        "reach": pa.array(_reach(counted)),
    }
    fields = table("features.account_tokens").schema.fieldNames()
    yield from pa.table([columns[name] for name in fields], names=fields).combine_chunks().to_batches(max_chunksize=50_000)


def _parts(active: DataFrame) -> int:
    """How many tasks count the uses of tokens: one, where one can hold them all, else at least as many as Spark's own number."""
    uses = active.agg(F.sum(F.size("traits") + F.size("phrases"))).first()
    needed = -(-(uses[0] if uses and uses[0] else 0) // USES)
    return max(needed, int(active.sparkSession.conf.get("spark.sql.shuffle.partitions") or 1)) if needed > 1 else 1


def _own_tokens() -> Column:
    """What the account itself was registered with, as an array of (channel, token)."""

    def head(name: str) -> Column:
        return F.conv(F.substring(name, 1, 16), 16, -10).cast("long")

    tokens = {
        "card": head("card"),
        "mail": head("mail_domain"),
        "address": head("signup_address"),
        "block": head("signup_block"),
        "asn": F.col("signup_asn").cast("long"),
    }
    return F.array(
        *(F.struct(F.lit(_CODES[name]).cast("tinyint").alias("channel"), token.alias("token")) for name, token in tokens.items())
    )


def _repeated(token: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The rows whose token stands in another row too."""
    order = np.argsort(token)
    same = np.diff(token[order]) == 0
    return order[np.append(same, False) | np.append(False, same)] if len(order) else order


def _count_owners(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Uses of whole tokens: one row an account, with the owners that have the token, where there are two or more."""
    every = whole(batches)
    if every is None:
        return
    uses = every.take(pa.array(_repeated(every["token"].to_numpy())))  # the rest is the most, and not worth sorting by all keys
    account, owner = (uses[name].combine_chunks() for name in ("account_id", "owner_id"))
    a, o = account.indices.to_numpy(), owner.indices.to_numpy()
    channel, token, n, fillings = (uses[name].to_numpy() for name in ("channel", "token", "n", "fillings"))
    order = np.lexsort([a, o, token, channel])
    a, o, channel, token, n, fillings = (x[order] for x in (a, o, channel, token, n, fillings))
    first = begins(channel, token, o, a)  # one account may have a token from two places, as its address at sign-up
    n, fillings = np.add.reduceat(n, first), np.maximum.reduceat(fillings, first)
    a, o, channel, token = a[first], o[first], channel[first], token[first]
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
        owner.dictionary.take(pa.array(o[kept])),
        pa.array(channel[kept], pa.int8()),
        pa.array(token[kept]),
        *(pa.array(x[kept].astype(np.int32)) for x in (n, fillings)),
        pa.array(counts[kept]),
        *(pa.array(x[kept].astype(np.int32)) for x in (users, degree)),
    ]
    names = ["account_id", "owner_id", "channel", "token", "n", "fillings", "counts", "users", "degree"]
    yield from pa.table(columns, names=names).to_batches(max_chunksize=50_000)


def _reach(counted: pa.Table) -> npt.NDArray[np.int64]:
    """Of whole accounts: for each row, the other owners met through tokens of its channel of no higher degree."""
    account = counted["account_id"].combine_chunks().dictionary_encode().indices.to_numpy()
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
