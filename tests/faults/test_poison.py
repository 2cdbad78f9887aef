"""Files that are broken, or made to break whoever reads them.

They stop nothing, lose nothing, and the quarantine names them.
"""

import gzip
import json
import shutil
import zlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from iolaus.pipeline import Span, stage
from iolaus.runtime.runner import Runner
from tests.test_run import digest, runner
from tests.traffic import DAYS, exchange

DAY = DAYS[0]
NOON = datetime.combine(DAY, datetime.min.time(), UTC) + timedelta(hours=12)
STAGES = ("bronze.exchanges", "quality.quarantine", "silver.exchanges")
MEBI = b"a" * (1 << 20)


def line(number: int, **fields: Any) -> bytes:
    """A valid exchange as a line."""
    return json.dumps(exchange(number, "person001", NOON, "How do tomatoes grow?") | fields).encode() + b"\n"


def packed(path: Path, parts: Iterable[bytes]) -> None:
    """A gzip file, written in parts, for it may be far larger than memory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pack = zlib.compressobj(1, wbits=31)
    with path.open("wb") as file:
        for part in parts:
            file.write(pack.compress(part))
        file.write(pack.flush())


def made(spark: SparkSession, root: Path) -> tuple[set[str], Counter[tuple[str, str]], Runner]:
    """The exchanges that silver has after the day's arrival was read; and the quarantine, by file and first reason."""
    run = runner(spark, root, root / "lake")
    for name in STAGES:
        run.run_stage(stage(name), DAY)
    bronze = [
        r["exchange_id"] for r in run.lake.read("bronze.exchanges", Span.DAY, DAY).select("exchange_id").collect()
    ]
    silver = [
        r["exchange_id"] for r in run.lake.read("silver.exchanges", Span.ALL, DAY).select("exchange_id").collect()
    ]
    assert len(silver) == len(set(silver))
    assert set(silver) <= set(bronze)
    rejected = run.lake.read("quality.quarantine", Span.DAY, DAY).select("source_file", "reasons").collect()
    return set(silver), Counter((Path(r["source_file"]).name, r["reasons"][0]) for r in rejected), run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "exchanges" / f"dt={DAY}"
    found.mkdir(parents=True)
    (found / "good.jsonl").write_bytes(b"".join(line(n) for n in range(1, 6)))
    return found


GOOD = {f"e{n:06}" for n in range(1, 6)}


@pytest.mark.parametrize("kind", ["gzip", "plain"])
def test_a_line_of_a_gigabyte(kind: str, spark: SparkSession, folder: Path, tmp_path: Path) -> None:
    """It is passed over, with the rows before and after it kept; the file is named."""
    before, after = line(11), line(12)
    middle = (b'{"exchange_id":"big","prompt":"', *[MEBI] * (1024 if kind == "gzip" else 200), b'"}\n')
    if kind == "gzip":
        packed(folder / "big.jsonl.gz", [before, *middle, after])
    else:
        (folder / "big.jsonl").write_bytes(b"".join([before, *middle, after]))
    silver, rejected, run = made(spark, tmp_path)
    assert silver == GOOD | {"e000011", "e000012"}
    name = "big.jsonl.gz" if kind == "gzip" else "big.jsonl"
    assert rejected.pop((name, "unreadable_file: a line of over 64 MiB, which was passed over")) == 1
    # Where Spark reads a plain file in parts, the end of the line may look like a line of its own; it is no JSON.
    assert set(rejected) <= ({(name, "broken_json")} if kind == "plain" else set())
    again = digest(spark, tmp_path / "lake", "quality.quarantine")
    run.run_stage(stage("quality.quarantine"), DAY)
    assert digest(spark, tmp_path / "lake", "quality.quarantine") == again


def test_a_line_of_more_than_two_gigabytes(spark: SparkSession, folder: Path, tmp_path: Path) -> None:
    packed(folder / "bomb.jsonl.gz", [line(11), *[MEBI] * 2200, b"\n", line(12)])
    silver, rejected, _ = made(spark, tmp_path)
    assert silver >= GOOD | {"e000011"}
    assert {file for file, _ in rejected} == {"bomb.jsonl.gz"}
    assert all("a line of over" in reason for _, reason in rejected)


def test_a_bomb_of_empty_lines(spark: SparkSession, folder: Path, tmp_path: Path) -> None:
    """20 MB of newlines in 20 kB: skipped, as blank lines are."""
    packed(folder / "bomb.jsonl.gz", [line(11), *[b"\n" * (1 << 20)] * 20, line(12)])
    silver, rejected, _ = made(spark, tmp_path)
    assert (silver, rejected) == (GOOD | {"e000011", "e000012"}, {})


def test_large_files_without_a_long_line_are_not_accused(spark: SparkSession, folder: Path, tmp_path: Path) -> None:
    """Of one gzip member or several, with a last newline or without."""
    many = b"".join(line(n, response="x" * 500) for n in range(100, 400))
    packed(folder / "one.jsonl.gz", [many[:-1], *[b"\n"] * (70 << 20 >> 10)])
    (folder / "two.jsonl.gz").write_bytes(gzip.compress(line(11) + b"\n" * (66 << 20), 1) + gzip.compress(line(12), 1))
    silver, rejected, _ = made(spark, tmp_path)
    assert (len(silver), rejected) == (5 + 300 + 2, {})


def test_lines_made_to_break_a_parser(spark: SparkSession, folder: Path, tmp_path: Path) -> None:
    """Deep nesting, NUL bytes, lone surrogates, no UTF-8, two objects in a line, numbers without end.

    Each line is in one of two places.
    """
    whole = line(20).rstrip()
    deep = b"[" * 100_000 + b"]" * 100_000
    hostile = [
        line(21)[:-2] + b',"unknown":' + deep + b"}\n",
        line(22)[:-2] + b',"tool_names":' + deep + b"}\n",
        b"[" * 1_000_000 + b"\n",
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"\n",
        line(23, prompt="nul \0 in it"),
        line(24).replace(b"tomatoes", b"toma\0toes"),
        line(25, prompt="lone \ud800 surrogate"),
        line(26, account_id="\udfff"),
        line(27).replace(b"tomatoes", b"\xff\xfe\xc0\xaf"),
        whole + whole + b"\n",
        line(28)[:-2] + b',"turn_index":' + b"9" * 100_000 + b"}\n",
        line(29)[:-2] + b',"request_temperature":1e999999}\n',
        b"\0" * 5000 + b"\n",
        line(30, prompt="\u202e\u0007\u001b[2J'; DROP TABLE x; --<script>=1+1"),
    ]
    (folder / "hostile.jsonl").write_bytes(b"".join(hostile))
    silver, rejected, run = made(spark, tmp_path)
    accepted = run.lake.read("bronze.exchanges", Span.DAY, DAY).count()
    assert accepted + sum(rejected.values()) == len(GOOD) + len(hostile)
    assert GOOD | {"e000030"} <= silver
    assert silver & {"e000022", "e000027", "e000028"} == set()


def test_broken_files_beside_sound_ones(spark: SparkSession, folder: Path, tmp_path: Path) -> None:
    """What can be read of them is kept."""
    sound = gzip.compress(b"".join(line(n, response=f"{n * 7919:x}" * 200) for n in range(1000, 3000)))
    (folder / "cut.jsonl.gz").write_bytes(sound[: len(sound) // 2])
    (folder / "noise.jsonl.gz").write_bytes(bytes(range(256)) * 40)
    (folder / "noise.parquet").write_bytes(bytes(range(256)) * 40)
    silver, rejected, _ = made(spark, tmp_path)
    assert silver > GOOD
    assert len(silver) > 100
    reasons = {(name, reason) for name, reason in rejected if reason.startswith("unreadable_file")}
    assert reasons == {
        ("cut.jsonl.gz", "unreadable_file: truncated gzip"),
        ("noise.jsonl.gz", "unreadable_file: corrupt gzip"),
        ("noise.parquet", "unreadable_file: corrupt Parquet"),
    }


@pytest.mark.parametrize("hours", [-24, 24])
def test_the_clock_of_a_gateway_is_a_day_off(hours: int, spark: SparkSession, landing: Path, tmp_path: Path) -> None:
    """Its exchanges stand under the day that their clock says, once each, and none is lost when that day is run."""
    root, lake = tmp_path / "landing", tmp_path / "lake"
    shutil.copytree(landing, root)
    off = [
        exchange(900_000 + n, "person002", NOON + timedelta(hours=hours, minutes=n), "How do roses grow?")
        for n in range(10)
    ]
    (root / "exchanges" / f"dt={DAY}" / "off.jsonl").write_text("".join(json.dumps(row) + "\n" for row in off))
    run = runner(spark, root, lake)
    for day in DAYS:
        for name in STAGES:
            run.run_stage(stage(name), day)
    rows = (
        run.lake.read("silver.exchanges", Span.ALL, DAY)
        .where("exchange_id >= 'e900000'")
        .select("exchange_id", "happened_on")
        .collect()
    )
    assert sorted(r["exchange_id"] for r in rows) == [row["exchange_id"] for row in off]
    assert {r["happened_on"] for r in rows} == {(NOON + timedelta(hours=hours)).date()}


def test_a_schema_change_at_noon(spark: SparkSession, folder: Path, tmp_path: Path) -> None:
    """New fields are kept; an optional field that changes its type is lost alone, and kept aside.

    Parquet of both kinds is read.
    """
    (folder / "new.jsonl").write_bytes(
        b"".join(line(n, safety_score=0.5, gateway={"region": "eu"}) for n in range(11, 14))
    )
    (folder / "changed.jsonl").write_bytes(b"".join(line(n, turn_index="first") for n in range(21, 24)))
    renamed = [
        {("model" if k == "request_model" else k): v for k, v in json.loads(line(n)).items()} for n in range(31, 34)
    ]
    (folder / "renamed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in renamed))
    old = [json.loads(line(n)) for n in range(41, 43)]
    pq.write_table(pa.Table.from_pylist(old), folder / "old.parquet")
    pq.write_table(
        pa.Table.from_pylist([row | {"exchange_id": f"p{n}", "client_asn": "64501"} for n, row in enumerate(old)]),
        folder / "x.parquet",
    )
    silver, rejected, run = made(spark, tmp_path)
    assert silver == GOOD | {f"e{n:06}" for n in (11, 12, 13, 21, 22, 23, 41, 42)} | {"p0", "p1"}
    assert rejected == {("renamed.jsonl", "missing: request_model"): 3}
    bronze = run.lake.read("bronze.exchanges", Span.DAY, DAY).select("exchange_id", "extra").collect()
    extra = {row["exchange_id"]: row["extra"] for row in bronze}
    assert extra["e000011"]["safety_score"] == "0.5"
    assert (extra["e000021"], extra["p0"]) == ({"turn_index": '"first"'}, {"client_asn": '"64501"'})
