"""Small lakes for tests without Spark: Delta tables written from the schemas."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake
from pyspark.sql.pandas.types import to_arrow_schema
from rows import base

from iolaus import lake_format
from iolaus.schemas.table import table


def write(lake: Path, name: str, overrides: Sequence[dict[str, Any]]) -> None:
    """Append rows to a table of a lake: what an override does not name is null or plain, as in `rows.rows`."""
    spec = table(name)
    lake.mkdir(parents=True, exist_ok=True)
    if unknown := {column for row in overrides for column in row} - set(spec.schema.fieldNames()):
        raise KeyError(f"{name} has no column {', '.join(sorted(unknown))}")
    made = [{f.name: row[f.name] if f.name in row else base(f) for f in spec.schema.fields} for row in overrides]
    rows = pa.Table.from_pylist(made, schema=to_arrow_schema(spec.schema, timestamp_utc=True))
    (lake / lake_format.MARKER).write_text(lake_format.marker("a test"))
    write_deltalake(lake / name.replace(".", "/"), rows, mode="append", partition_by=[spec.date] if spec.date else None)


HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    "\"><img src=x onerror='window.pwned = 2'>",
    "' onmouseover='window.pwned = 3' autofocus onfocus='window.pwned = 4' x='",
    "javascript:window.pwned=5//{{ 7 * 7 }}${window.pwned = 6}",
    "\u202egnp.exe\u202c\u2066\u200b\x00\x1b[31m",
    "$$\\href{javascript:window.pwned=7}{x}$$",
    "A" * 1_000_000,
)


Rows = dict[str, list[dict[str, Any]]]


def write_case(lake: Path, day: date, cluster_id: str, accounts: Sequence[str], **more: Any) -> None:
    """Write one listed cluster: see `case`."""
    for name, rows in case(day, cluster_id, accounts, **more).items():
        write(lake, name, rows)


def write_hostile(lake: Path, day: date) -> None:
    """Write a cluster for each hostile text, which stands wherever text may stand, the ids among them."""
    together: Rows = {}
    for number, text in enumerate(HOSTILE, 1):
        of = case(day, f"../{text[:200]}", [f"{text[:2_000]}{i}" for i in range(5)], text=text, rank=number)
        for name, rows in of.items():
            together.setdefault(name, []).extend(rows)
    for name, rows in together.items():
        write(lake, name, rows)


def case(
    day: date,
    cluster_id: str,
    accounts: Sequence[str],
    *,
    text: str = "atlas-4",
    rank: int = 1,
    links: int = 4,
    low: bool = False,
) -> Rows:
    """Rows of a listed cluster in every gold table: accounts in a ring, each linked to the next ones.

    `text` wherever text may stand.
    """
    begun = datetime.combine(day, time(), UTC)
    same: dict[str, Any] = {"run_date": day, "cluster_id": cluster_id}
    row = same | {
        "rank": rank,
        "score": 50.0 - rank,
        "confidence": "low" if low else "high",
        "n_accounts": len(accounts),
        "n_owners": len(accounts),
    }
    row |= {
        "n_exchanges": 30 * len(accounts),
        "n_input_tokens": 6_000 * len(accounts),
        "n_output_tokens": 21_000 * len(accounts),
        "n_reasoning_tokens": 0,
        "models": {"atlas-3": 20 * len(accounts), text[:50]: 10 * len(accounts)},
        "cost": 1.5 * len(accounts),
        "case_kind": "distillation",
        "is_active": True,
        "coordination": 20.0,
        "target": text,
        "summary": text,
        "reasons": [text],
    }
    row |= {"capabilities": {"coding": 0.5, text[:50]: 0.2}, "explanations": [text], "first_flagged": day}
    release_adoption = {
        "released_at": begun + timedelta(hours=5),
        "model": text,
        "share": 0.6,
        "hours_to_half": 9,
        "baseline_share": 0.1,
    }
    rows = {
        "gold.watchlist" if low else "gold.suspect_clusters": [
            row | {"release_adoption": [release_adoption | {"baseline_hours_to_half": None}]}
        ]
    }
    piece = same | {"bits": 9.5, "support": len(accounts), "background": 0.01, "description": text}
    pieces = [
        ("coordination", "card", "card", 0.9),
        ("coordination", "pool_card", "pool", 812.0),
        ("innocent", "people", "people", 0.1),
        ("innocent", "own_text", "own_text", 0.7),
    ]
    told = {"people": {"fit": "does_not_fit", "taken": {}}, "own_text": {"fit": "fits", "taken": {"head8": 6.5}}}
    rows["gold.cluster_evidence"] = [
        piece | {"kind": k, "channel": c, "part": p, "value": v} | told.get(c, {}) for k, c, p, v in pieces
    ]
    own = {
        "kind": "template",
        "channel": "template",
        "value_hash": 1,
        "n_accounts": 3,
        "n_exchanges": 9,
        "n_baseline_owners": 4,
    }
    rows["gold.cluster_templates"] = [same | own | {"exemplar": text, "seen_on": day}]
    origin = {"value": text, "n_accounts": len(accounts), "n_exchanges": 9, "share": 1.0, "baseline_share": 0.125}
    rows["gold.cluster_origins"] = [same | origin | {"kind": "traffic country"}]
    if low:
        return rows
    hours = [same | {"hour": begun + timedelta(hours=h), "n_exchanges": 10 + h, "n_accounts": 1} for h in range(24)]
    rows["gold.cluster_timeline"] = [hour | {"request_model": m} for hour in hours for m in ("atlas-3", text)]
    member = same | {
        "membership": 0.99,
        "n_exchanges": 30,
        "n_output_tokens": 21_000,
        "cost": 1.5,
        "distillation_share": 0.5,
        "reasons": ["Shares a payment card with 1 of the 9 other accounts (under 1% of other accounts do).", text],
    }
    member |= {"created_at": begun, "plan": text, "org_id": text}
    banned = {"status": "banned", "banned_at": begun + timedelta(hours=7)}
    rows["gold.suspect_cluster_members"] = [
        member | {"account_id": a} | (banned if i % 10 == 3 else {"status": "active"}) for i, a in enumerate(accounts)
    ]
    pairs = {
        tuple(sorted((i, (i + step) % len(accounts)))) for i in range(len(accounts)) for step in range(1, links + 1)
    }
    shared = same | {"bits": 6.0, "support": 1, "similarity": 1.0, "sharers": 12}
    of = [
        shared | dict(zip(("account_a", "account_b"), sorted((accounts[a], accounts[b])), strict=True))
        for a, b in sorted(pairs)
        if a != b
    ]
    rows["gold.cluster_links"] = [pair | {"channel": c} for pair in of for c in ("card", "head8")]
    return rows
