"""The gold tables of one run as plain Parquet files for others: identifiers as pseudonyms, no text but our own."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from iolaus.errors import UsageError
from iolaus.export.cases import Disclosure, account_name, cluster_name, same_key
from iolaus.export.decisions import shareable
from iolaus.export.gold import Gold
from iolaus.pipeline import STAGES
from iolaus.settings import Key

TABLES = tuple(s.table for s in STAGES if s.layer == "gold")
WATCHLIST = "gold.watchlist"
ACCOUNTS = ("account_id", "account_a", "account_b")
# Text that we wrote, or of a few known values. A column of text that is not here stays at home: identifiers come as
# text.
OURS = frozenset(
    {
        "confidence",
        "target",
        "reasons",
        "explanations",
        "summary",
        "channel",
        "kind",
        "part",
        "description",
        "request_model",
    }
    | {"status", "plan", "verdict", "since_verdict", "case_kind", "rival", "fit"}
)
FINGERPRINTS = ("value_hash",)  # unkeyed hashes of what was sent, which whoever has the text can compute
_TO_THE_DAY = ("created_at", "banned_at")  # a second of it would name the account to whoever sells accounts


def write(
    gold: Gold, day: date, key: Key, allowed: Disclosure, out: Path, *, include_cleared: bool = False
) -> tuple[dict[str, int], list[str]]:
    """Write a file a table; returns the rows of each, and the columns that were left out.

    Of the published clusters alone: the watchlist stays at home. Clusters and accounts that an analyst cleared stay,
    too, unless `include_cleared`. Raises UsageError if the run is not there.
    """
    same_key(gold, day, key)
    made, left_out = {}, []
    kept = shareable(gold, day, include_cleared=include_cleared)
    accounts = pa.array(sorted(a for them in kept.values() for a in them), pa.string())
    for name in TABLES:
        rows = gold.rows(name, day)
        if rows is None or name == WATCHLIST:
            continue
        for column in rows.column_names:
            if column == "cluster_id" or column in ACCOUNTS:
                among = pa.array(sorted(kept), pa.string()) if column == "cluster_id" else accounts
                rows = rows.filter(pc.is_in(rows[column], value_set=among))
        told, columns = _told(rows, key, allowed)
        left_out += [f"{name}.{c}" for c in rows.column_names if c not in columns]
        out.mkdir(parents=True, exist_ok=True)
        pq.write_table(told, out / f"{name.split('.')[1]}.parquet")
        made[name] = told.num_rows
    if not made:
        raise UsageError(
            f"the lake {gold.lake} has no gold tables; name with --lake a lake that `iolaus run` has written"
        )
    return made, left_out


def _told(rows: pa.Table, key: Key, allowed: Disclosure) -> tuple[pa.Table, list[str]]:
    columns: dict[str, pa.ChunkedArray] = {}
    for field in rows.schema:
        column = rows[field.name]
        if field.name == "cluster_id":
            columns[field.name] = _renamed(column, lambda x: cluster_name(key, x))
        elif field.name in ACCOUNTS:
            columns[field.name] = (
                column if "account" in allowed.kinds else _renamed(column, lambda x: account_name(key, x))
            )
        elif field.name in _TO_THE_DAY:
            columns[field.name] = pc.floor_temporal(column, unit="day")
        elif field.name in FINGERPRINTS:
            columns |= {field.name: column} if "template" in allowed.kinds else {}
        elif field.name in OURS or not _is_text(field.type):
            columns[field.name] = column
    return pa.table(columns), list(columns)


def _is_text(kind: pa.DataType) -> bool:
    of = kind.value_type if pa.types.is_list(kind) else kind
    return bool(pa.types.is_string(of) or pa.types.is_large_string(of))


def _renamed(column: pa.ChunkedArray, name: Callable[[str], str]) -> pa.Array:
    coded = column.combine_chunks().dictionary_encode()
    return pa.array([None if x is None else name(x) for x in coded.dictionary.to_pylist()], pa.string()).take(
        coded.indices
    )
