"""From the landing to bronze and quarantine: each line is in just one of the two."""

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from iolaus.bronze import accounts, agreements, exchanges, models
from iolaus.quality import quarantine
from iolaus.runtime.columns import check_schema
from iolaus.runtime.landing import Landing
from iolaus.runtime.unreadable import Unreadable
from iolaus.schemas.table import table
from iolaus.settings import DEFAULT, Key, Run

DAY = date(2026, 2, 10)
RUN = Run(DAY, DEFAULT, Key(b"test"))
TOP = "exchanges/dt=2026-02-10/"


def exchange(number: int, **changes: Any) -> str:
    """An exchange as a line of JSON."""
    base = {
        "exchange_id": f"e{number}",
        "account_id": "a",
        "requested_at": f"2026-02-{9 + number % 2:02d}T08:00:00Z",
        "request_model": "m",
        "prompt": "p",
    }
    return json.dumps(base | changes)


def write(folder: Path, name: str, lines: list[str] | bytes) -> None:
    """A file of the landing, gzipped if its name says so."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    content = lines if isinstance(lines, bytes) else "".join(line + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


def bag(frame: DataFrame, *without: str) -> Counter[str]:
    """The rows in no order, as often as they occur."""
    return Counter(
        json.dumps(row.asDict(recursive=True), default=str, sort_keys=True) for row in frame.drop(*without).collect()
    )


def quarantined(landing: Landing, unreadable: list[Unreadable] | None = None) -> DataFrame:
    """What quarantine holds of a landing."""
    undated = (landing.lines(folder, None) for folder in ("accounts", "models", "agreements"))
    lines = landing.lines("exchanges", DAY, unreadable or [])
    return quarantine.transform(lines, *undated, exchanges.transform(lines, RUN), run=RUN)


def test_a_line_is_in_bronze_or_in_quarantine(spark: SparkSession, tmp_path: Path):
    good = [exchange(1, turn_index=3, new_field=[1]), exchange(1, turn_index=3, new_field=[1]), exchange(2)]
    bad = ["{", exchange(3, account_id=5), exchange(4, requested_at="2014-01-01T00:00:00Z")]
    write(tmp_path, TOP + "a.jsonl", good[:1] + bad[:2])
    write(tmp_path, TOP + "b.jsonl.gz", good[1:] + bad[2:])
    write(tmp_path, TOP + "c.jsonl", b'{"exchange_id": "\xff"}\n')
    write(tmp_path, "accounts.jsonl", ['{"account_id": "a"}'])
    landing = Landing(spark, str(tmp_path))

    made = exchanges.transform(landing.lines("exchanges", DAY), RUN)
    check_schema(made.schema, table("bronze.exchanges"))
    rows = made.orderBy("exchange_id", "source_file").collect()
    assert [(r["exchange_id"], r["source_file"], r["happened_on"]) for r in rows] == [
        ("e1", TOP + "a.jsonl", date(2026, 2, 10)),
        ("e1", TOP + "b.jsonl.gz", date(2026, 2, 10)),
        ("e2", TOP + "b.jsonl.gz", date(2026, 2, 9)),
    ]
    assert {r["arrived_on"] for r in rows} == {DAY}
    assert (rows[0]["turn_index"], rows[0]["extra"]) == (3, {"new_field": "[1]"})

    rejected = quarantined(landing)
    check_schema(rejected.schema, table("quality.quarantine"))
    found = {r["row"]: (r["source"], r["source_file"], r["reasons"], r["row_bytes"]) for r in rejected.collect()}
    assert found.pop('{"exchange_id": "\ufffd"}') == (
        "exchanges",
        TOP + "c.jsonl",
        ["invalid_utf8", *(f"missing: {name}" for name in ("account_id", "requested_at", "request_model", "prompt"))],
        bytearray(b'{"exchange_id": "\xff"}'),
    )
    assert found == {
        bad[0]: ("exchanges", TOP + "a.jsonl", ["broken_json"], None),
        bad[1]: ("exchanges", TOP + "a.jsonl", ["wrong_type: account_id"], None),
        bad[2]: ("exchanges", TOP + "b.jsonl.gz", ["impossible_time: requested_at"], None),
        '{"account_id": "a"}': ("accounts", "accounts.jsonl", ["missing: created_at"], None),
    }


def test_an_unreadable_file_is_one_row_beside_its_sound_lines(spark: SparkSession, tmp_path: Path):
    packed = gzip.compress("".join(exchange(n) + "\n" for n in range(30_000)).encode(), compresslevel=0)
    write(tmp_path, TOP + "a.jsonl", [exchange(1)])
    write(tmp_path, TOP + "cut.jsonl", packed[: len(packed) // 2])
    (tmp_path / TOP / "cut.jsonl").rename(tmp_path / TOP / "cut.jsonl.gz")
    landing = Landing(spark, str(tmp_path))
    broken = landing.unreadable("exchanges", DAY)
    assert exchanges.transform(landing.lines("exchanges", DAY, broken), RUN).count() > 10_000
    (row,) = quarantined(landing, broken).collect()
    assert (row["source_file"], row["reasons"], row["row"]) == (
        TOP + "cut.jsonl.gz",
        ["unreadable_file: truncated gzip"],
        None,
    )


def test_the_same_rows_whatever_the_files(spark: SparkSession, tmp_path: Path):
    lines = [exchange(n, prompt=5 if n % 7 == 0 else "p", zz=n) for n in range(60)]
    write(tmp_path / "one", TOP + "a.jsonl", lines)
    for n in range(3):
        write(tmp_path / "many", f"{TOP}{n}.jsonl.gz", lines[::-1][n::3])
    one, many = (Landing(spark, str(tmp_path / name)) for name in ("one", "many"))
    made = [bag(exchanges.transform(each.lines("exchanges", DAY), RUN), "source_file") for each in (one, many)]
    assert made[0] == made[1]
    assert made[0].total() == 51
    assert bag(quarantined(one), "source_file") == bag(quarantined(many), "source_file")


def test_parquet_gives_the_rows_of_json(spark: SparkSession, tmp_path: Path):
    rows = [
        {
            "exchange_id": "e1",
            "account_id": "a",
            "requested_at": "2026-02-10T08:00:00.123456Z",
            "request_model": "m",
            "prompt": "p\u00e9\n",
            "turn_index": 0,
        }
        | {
            "request_temperature": 0.7,
            "request_stream": True,
            "tool_names": ["x", "y"],
            "client_asn": 64500,
            "usage_input_tokens": 2**40,
            "new": "n",
        },
        {
            "exchange_id": "e2",
            "account_id": "a",
            "requested_at": "2026-02-10T08:00:00Z",
            "request_model": "m",
            "prompt": "",
        },
        {
            "exchange_id": "e3",
            "account_id": None,
            "requested_at": "1999-02-10T08:00:00Z",
            "request_model": "m",
            "prompt": "",
        },
    ]
    write(tmp_path / "json", TOP + "a.jsonl", [json.dumps(row) for row in rows])
    columns = pa.Table.from_pylist(
        [row | {"requested_at": datetime.fromisoformat(str(row["requested_at"]))} for row in rows]
    )
    (tmp_path / "parquet" / TOP).mkdir(parents=True)
    pq.write_table(columns, tmp_path / "parquet" / TOP / "a.parquet")
    each = [Landing(spark, str(tmp_path / name)) for name in ("json", "parquet")]
    made = [bag(exchanges.transform(landing.lines("exchanges", DAY), RUN), "source_file") for landing in each]
    assert made[0] == made[1]
    assert made[0].total() == 2
    reasons = [quarantined(landing).select("reasons").collect() for landing in each]
    assert reasons[0] == reasons[1] == [(["missing: account_id", "impossible_time: requested_at"],)]


def test_the_newest_snapshot_wins(spark: SparkSession, tmp_path: Path):
    def account(name: str, status: str) -> str:
        return json.dumps({"account_id": name, "created_at": "2025-05-01T00:00:00Z", "status": status, "seats": 3})

    write(tmp_path, "exchanges/_", b"")
    write(tmp_path, "accounts/2026-02-01.jsonl", [account("a", "new"), account("b", "new"), account("a", "active")])
    write(
        tmp_path, "accounts/2026-02-02.jsonl.gz", [account("a", "banned"), account("c", "new"), account("c", "active")]
    )
    write(
        tmp_path,
        "models.jsonl",
        [
            '{"model": "m", "released_at": "2025-01-01T00:00:00Z"}',
            '{"model": "m", "released_at": "2025-01-02T00:00:00Z"}',
        ],
    )
    write(
        tmp_path,
        "agreements.jsonl",
        [
            '{"org_id": "o", "kind": "reseller", "since": "2025-01-01"}',
            '{"org_id": "o", "kind": "synthetic_data", "since": "2025-01-02"}',
        ],
    )
    landing = Landing(spark, str(tmp_path))

    made = accounts.transform(landing.lines("accounts", None), RUN)
    check_schema(made.schema, table("bronze.accounts"))
    assert {r["account_id"]: r["status"] for r in made.collect()} == {"a": "banned", "b": "new", "c": "active"}
    released = models.transform(landing.lines("models", None), RUN)
    check_schema(released.schema, table("bronze.models"))
    assert [r["released_at"].astimezone(UTC).day for r in released.collect()] == [2]
    agreed = agreements.transform(landing.lines("agreements", None), RUN)
    check_schema(agreed.schema, table("bronze.agreements"))
    assert sorted(map(tuple, agreed.collect())) == [
        ("o", "reseller", date(2025, 1, 1)),
        ("o", "synthetic_data", date(2025, 1, 2)),
    ]


@pytest.mark.parametrize("folder", ["exchanges", "accounts", "models", "agreements"])
def test_a_missing_folder_has_no_rows(spark: SparkSession, tmp_path: Path, folder: str):
    (tmp_path / "exchanges").mkdir()
    module = {"exchanges": exchanges, "accounts": accounts, "models": models, "agreements": agreements}[folder]
    made = module.transform(Landing(spark, str(tmp_path)).lines(folder, DAY), RUN)
    check_schema(made.schema, table(f"bronze.{folder}"))
    assert made.collect() == []
