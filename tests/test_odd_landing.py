"""A landing as clients, gateways and hands write it: no row of it stops a day, and each is found again.

One run of a landing that has, beside ordinary traffic, one bad row of each field and kind, ids that many share, folders
whose names are no days, files that cannot be read, and links that lead out of it.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from runs import partitions, runner
from traffic import DAYS, write_landing, write_lines

from iolaus.runtime.display import print_arrivals
from iolaus.runtime.gates.history import last_arrivals
from iolaus.runtime.gates.suites import CRITICAL
from iolaus.schemas.landing import EXCHANGE
from iolaus.schemas.table import DATE

DAY = DAYS[0]
NOON = datetime.combine(DAY, time(12), UTC)
KINDS = (
    "null", "true", "-1", "-2", "0", "5.5", "1e400", str(2**31), str(2**63), '""', '"text"', '"\\u0000"',
    '"\\ud800"', '"\\u202e"', json.dumps("x" * 300_000), "[]", "[null]", '["a"]', json.dumps(["t"] * 5_000), "[[]]",
    "{}", '{"k": 1}', '"NaN"', '"1.5"', '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"2026-02-30T10:00:00Z"',
    f'"{DAY + timedelta(days=2)}T00:00:00Z"', f'"{DAY + timedelta(days=1)}T23:59:59.999999Z"', f'"{DAY}T10:00:00"',
)  # fmt: skip
SAME, LATE, TWICE, STRAYS, LINKED = 240, 5, 40, 3, 2  # rows under one id; rows of no window; rows delivered again


def exchange(name: str, **fields: Any) -> dict[str, Any]:
    base = {"exchange_id": name, "account_id": f"account of {name}", "requested_at": NOON.isoformat()}
    return base | {"request_model": "atlas-3", "prompt": f"what is {name}"} | fields


def odd_rows() -> Iterator[str]:
    """A line for each field and kind of value, as raw JSON."""
    for field in EXCHANGE:
        for number, raw in enumerate(KINDS):
            sound = json.dumps({k: v for k, v in exchange(f"{field.name} {number}").items() if k != field.name})
            yield f"{sound[:-1]}, {json.dumps(field.name)}: {raw}}}"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The landing, and how many lines and unreadable files of exchanges it has."""
    root = write_landing(tmp_path_factory.mktemp("odd") / "landing")
    top = root / "exchanges" / f"dt={DAY}"
    ordinary = [json.loads(line) for line in lines_of(next(top.iterdir()))]
    write_lines(top / "again.jsonl", ordinary[:TWICE])
    (top / "odd.jsonl").write_text("".join(line + "\n" for line in odd_rows()))
    alike = [exchange("one id for all", account_id=f"a{i % 3}", prompt=f"question {i}") for i in range(SAME)]
    old = NOON - timedelta(days=42)
    late = [exchange(f"late {i}", requested_at=(old + timedelta(hours=i)).isoformat()) for i in range(LATE)]
    write_lines(top / "more.jsonl", [*alike, *late])
    columns = {**{k: [v] for k, v in exchange("in a table").items()}, "a `tick`": [1]}
    pq.write_table(pa.table(columns), top / "ticked.parquet")
    cases = {k: [v] for k, v in exchange("two cases").items()} | {"Prompt": ["another"], "time": [time(1)]}
    pq.write_table(pa.table(cases), top / "case.parquet")
    write_lines(top / "edited.jsonl", [exchange("edited by hand")])
    (top / ".edited.jsonl.crc").write_bytes(b"crc\0\0\0\x02\0\0\0\0\0")
    os.utime(top / ".edited.jsonl.crc", (0, 0))
    for stray in ("dt=20260210", "dt=2026-W07-2"):
        write_lines(root / "exchanges" / stray / "x.jsonl", [exchange(stray)])
    write_lines(root / "exchanges" / "x.jsonl", [exchange("in no folder")])
    secret = root.parent / "secret"
    secret.mkdir()
    (secret / "key.jsonl").write_text("the key of somebody\n")
    (top / "linked.jsonl").symlink_to(secret / "key.jsonl")
    (top / "linked").symlink_to(secret)
    accounts = [json.loads(line) for line in lines_of(root / "accounts.jsonl")]
    write_lines(root / "accounts" / "part-9.jsonl", [accounts[0] | {"plan": "older"}])
    write_lines(root / "accounts" / "part-10.jsonl", [accounts[0] | {"plan": "newer", "signup_asn": 64500.0}])
    lines = len(ordinary) + TWICE + len(EXCHANGE) * len(KINDS) + SAME + LATE + len(("ticked.parquet", "case.parquet"))
    return root, lines + len(("edited.jsonl",)) + STRAYS + LINKED


def lines_of(path: Path) -> list[str]:
    import gzip  # noqa: PLC0415

    return (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode().splitlines()


@pytest.fixture(scope="module")
def made(spark: SparkSession, odd: tuple[Path, int], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The run of the day, by its outcomes, and its lake."""
    lake = tmp_path_factory.mktemp("lake")
    with partitions(spark, 1):
        run = runner(spark, odd[0], lake)
        run.run([DAY])
    return run.gate.outcomes, lake


def table(lake: Path, name: str, columns: list[str]) -> list[dict[str, Any]]:
    return DeltaTable(lake / name.replace(".", "/")).to_pyarrow_table(columns=columns).to_pylist()


def test_no_row_of_any_field_and_kind_stops_the_day(made: Any) -> None:
    outcomes, lake = made
    assert [str(o) for o in outcomes if o.severity == CRITICAL and not o.success] == []
    ran = {(row["table_name"], row["status"]) for row in table(lake, "quality.runs", ["table_name", "status"])}
    assert ("gold.suspect_clusters", "written") in ran
    warned = {(o.table, o.metric) for o in outcomes if not o.success}
    told = {"odd_fields", "too_late", "rejected_share", "unreadable_files", "shared_id_share"}
    assert told <= {metric for _, metric in warned}


def test_every_exchange_of_the_landing_is_accounted_for(
    made: Any, odd: tuple[Path, int], capsys: pytest.CaptureFixture[str]
) -> None:
    _, lake = made
    (sums,) = last_arrivals(str(lake), 9)
    bronze = table(lake, "bronze.exchanges", ["happened_on", "source_file"])
    rejected = table(lake, "quality.quarantine", ["source", "reasons", "source_file", "row"])
    silver = table(lake, "silver.exchanges", ["exchange_id", "n_copies"])
    assert sums.lines == odd[1] == len(bronze) + len(rejected)
    assert (sums.accepted, sums.rejected) == (len(bronze), len(rejected))
    assert sums.too_late == LATE == sum(row["happened_on"] < DAY - timedelta(days=27) for row in bronze)
    assert sum(row["n_copies"] for row in silver) == len(bronze)
    assert sums.accepted == (sums.exchanges or 0) + (sums.copies or 0)
    assert sum(row["n_copies"] - 1 for row in silver) == TWICE, "as many were delivered again"
    assert len([row for row in silver if row["exchange_id"] == "one id for all"]) == SAME
    print_arrivals([sums])
    shown = capsys.readouterr().out
    for n in (sums.lines, sums.rejected, sums.accepted, sums.exchanges):
        assert f"{n:,}" in shown


def test_what_is_not_read_is_named_with_its_fix(made: Any) -> None:
    _, lake = made
    rows = table(lake, "quality.quarantine", ["source_file", "reasons", "row"])
    top = f"exchanges/dt={DAY}/"
    named = {row["source_file"]: row["reasons"][0] for row in rows if row["row"] is None}
    for stray in ("exchanges/dt=20260210", "exchanges/dt=2026-W07-2", "exchanges/x.jsonl"):
        assert "rename it" in named.pop(stray)
    for name in (f"{top}linked.jsonl", f"{top}linked"):
        assert "a link that leads out of the landing" in named.pop(name)
    assert f"remove {top}.edited.jsonl.crc" in named.pop(f"{top}edited.jsonl")
    assert named == {}
    assert "the key of somebody" not in str(rows)


def test_values_are_read_as_what_they_plainly_mean(made: Any) -> None:
    _, lake = made
    (newest,) = (
        row for row in table(lake, "bronze.accounts", ["account_id", "plan", "signup_asn"]) if row["plan"] == "newer"
    )
    assert newest["signup_asn"] == 64500
    rows = DeltaTable(lake / "bronze/exchanges").to_pyarrow_table(columns=["exchange_id", "extra"]).to_pylist()
    extra = {row["exchange_id"]: dict(row["extra"] or []) for row in rows}
    assert extra["in a table"] == {"a `tick`": "1"}
    assert extra["two cases"] == {"Prompt": '"another"', "time": '"01:00:00"'}
    optional = [f.name for f in EXCHANGE if f.nullable and f.dataType != DATE]
    for name in optional:
        assert extra[f"{name} {KINDS.index('{}')}"] == {name: "{}"}, "it is kept"
