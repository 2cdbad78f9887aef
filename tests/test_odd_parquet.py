"""A column of Parquet that is odd costs itself at most, and an odd file costs its neighbours nothing."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from test_bronze import RUN

from iolaus.bronze import exchanges
from iolaus.runtime import odd_parquet
from iolaus.runtime.landing import Landing
from iolaus.runtime.lines import keys
from iolaus.runtime.long_lines import File
from iolaus.runtime.unreadable import is_odd, why_unreadable
from iolaus.schemas.landing import EXCHANGE
from iolaus.text.parsing import rejected

DAY = date(2026, 2, 10)
AT = datetime(2026, 2, 10, 8, 0, 0, 123456, UTC)
FIELDS = {"account_id": "a", "requested_at": AT, "request_model": "m", "prompt": "p", "turn_index": 0}
ID = UUID("2a622467-8eda-4b3a-8217-fc8a4e010f05")
KNOWN = [f.name for f in EXCHANGE]

# Columns of a file of one row, beside the usual ones or in their place; then what bronze has of it.
ACCEPTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "usual": ({}, {"extra": None}),
    "types": (
        {
            "user_agent": pa.array([[("k", "v")]], pa.map_(pa.string(), pa.string())),
            "usage_input_tokens": [{"n": 1}],
            "finish_reasons": [[{"name": "t"}]],
            "request_stop": [[b"x"]],
            "prompt": [b"p\xc3\xa9"],
            "request_seed": pa.array([Decimal("0.50")], pa.decimal128(10, 2)),
            "turn_index": pa.array([Decimal("3.00")], pa.decimal128(10, 2)),
            "client_asn": pa.array([64500], pa.uint64()),
            "zz": [{"b": b"text"}],
        },
        {
            "extra": {
                "user_agent": '{"k":"v"}',
                "usage_input_tokens": '{"n":1}',
                "finish_reasons": '[{"name":"t"}]',
                "request_seed": "0.5",
                "zz": '{"b":"text"}',
            },
            "prompt": "p\u00e9",
            "request_stop": ["x"],
            "turn_index": 3,
            "client_asn": 64500,
        },
    ),
    "more types": (
        {
            "requested_at": pa.array([AT], pa.timestamp("ns")),
            "turn_index": pa.array([None], pa.null()),
            "image_count": [3.0],
            "account_id": None,
            "Account_ID": ["b"],
        },
        {
            "requested_at": AT.replace(tzinfo=None),
            "turn_index": None,
            "image_count": 3,
            "account_id": "b",
            "extra": None,
        },
    ),
}
# Columns that Spark does not read, so that Arrow does.
ODD: dict[str, tuple[Any, Any]] = {
    "request_temperature": (pa.array([0.5], pa.float16()), 0.5),
    "conversation_id": (pa.array([ID.bytes], pa.uuid()), str(ID)),
    "turn_index": (pa.array([Decimal(3)], pa.decimal256(50, 0)), 3),
    "time": ([time(1)], '"01:00:00"'),
    "time_ms": (pa.array([time(1)], pa.time32("ms")), '"01:00:00"'),
    "time_ns": (pa.array([1], pa.time64("ns")), '"00:00:00"'),
    "struct": ([{"a": 1, "A": 2}], '{"a":1,"A":2}'),
    "ACCOUNT_ID": (["b"], '"b"'),
}
REJECTED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "types": (
        {"prompt": pa.array([[("k", "v")]], pa.map_(pa.string(), pa.string())), "account_id": [17]},
        ["wrong_type: account_id", "wrong_type: prompt"],
    ),
    "time": ({"requested_at": [1_770_710_400_123]}, ["impossible_time: requested_at"]),
    "odd": ({"requested_at": [DAY], "zz": [time(1)]}, ["wrong_type: requested_at"]),
}


def table(name: str, columns: dict[str, Any]) -> pa.Table:
    usual = {"exchange_id": [name], **{k: [v] for k, v in FIELDS.items()}}
    return pa.table({k: v for k, v in (usual | columns).items() if v is not None})


@pytest.fixture
def made(spark: SparkSession, tmp_path: Path) -> Callable[[], tuple[Landing, Path]]:
    """A landing with no files, and its folder of the day."""
    top = tmp_path / "exchanges" / f"dt={DAY}"
    top.mkdir(parents=True)
    return lambda: (Landing(spark, str(tmp_path)), top)


def results(landing: Landing) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """The rows of bronze by their ids, and the reasons of rejected rows by their file."""
    lines = landing.lines("exchanges", DAY, landing.unreadable("exchanges", DAY)).cache()
    accepted = exchanges.transform(lines, RUN).collect()
    refused = rejected(lines, EXCHANGE, RUN.settings.ingestion, DAY, keep=("source_file",)).collect()
    return {r["exchange_id"]: r.asDict() for r in accepted}, {
        Path(r["source_file"]).stem: r["reasons"] for r in refused
    }


def test_each_odd_column_costs_itself_alone_whatever_lies_beside_it(made: Callable[[], tuple[Landing, Path]]) -> None:
    """All files are of one day, so what one is must not decide how others are read."""
    landing, top = made()
    for name, (columns, _) in ACCEPTED.items():
        pq.write_table(table(name, columns), top / f"{name}.parquet")
    for name, (columns, _) in REJECTED.items():
        pq.write_table(table(f"rejected {name}", columns), top / f"rejected {name}.parquet")
    pq.write_table(table("odd", {name: values for name, (values, _) in ODD.items()}), top / "odd.parquet")
    pq.write_table(table("old", {}), top / "old.parquet", use_deprecated_int96_timestamps=True)
    row = f"'interval' exchange_id, 'a' account_id, TIMESTAMPTZ '{AT}' requested_at, 'm' request_model, 'p' prompt"
    duckdb.sql(f"COPY (SELECT {row}, INTERVAL 3 DAY zz, [INTERVAL 1 DAY] tool_names) TO '{top}/interval.parquet'")
    accepted, refused = results(landing)
    assert refused == {f"rejected {name}": reasons for name, (_, reasons) in REJECTED.items()}
    assert set(accepted) == {*ACCEPTED, "odd", "old", "interval"}
    for name, (_, told) in ACCEPTED.items():
        assert {k: accepted[name][k] for k in told} == told, name
    assert {row["requested_at"] for row in accepted.values()} == {AT.replace(tzinfo=None)}
    odd = accepted["odd"] | accepted["odd"]["extra"]
    assert {name: odd[name] for name in ODD} == {name: told for name, (_, told) in ODD.items()}
    assert accepted["interval"]["extra"].keys() == {"zz"}


@pytest.mark.parametrize("name", ODD)
def test_each_column_that_spark_does_not_read_is_known_for_it(name: str, spark: SparkSession, tmp_path: Path) -> None:
    """By Spark's error: a new version of Spark may read some of them, or say it in other words."""
    file = tmp_path / "a.parquet"
    pq.write_table(table("a", {name: ODD[name][0]}), file)
    with pytest.raises(PySparkException) as error:
        spark.read.parquet(str(file))
    assert is_odd(file.name, error.value)
    assert "corrupt" not in why_unreadable(file.name, error.value)
    assert not is_odd("a.jsonl", error.value)


def test_a_name_in_another_case_takes_nothing_from_other_files(made: Callable[[], tuple[Landing, Path]]) -> None:
    """Spark merges names of all files that differ in case alone, and takes the one of any file for all."""
    landing, top = made()
    pq.write_table(table("b", {"account_id": None, "ACCOUNT_id": ["of b"]}), top / "b.parquet")
    for name in ("a", "c"):
        pq.write_table(table(name, {}), top / f"{name}.parquet")
    accepted, refused = results(landing)
    assert {name: row["account_id"] for name, row in accepted.items()} == {"a": "a", "b": "of b", "c": "a"}
    assert refused == {}


def test_a_file_that_arrow_reads_to_no_end_is_named_and_its_sound_rows_kept(
    made: Callable[[], tuple[Landing, Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    landing, top = made()
    rows = 2_000
    many = pa.table(
        {
            "exchange_id": [f"{n:05}" for n in range(rows)],
            **{k: [v] * rows for k, v in FIELDS.items()},
            "zz": [time(n % 24) for n in range(rows)],
        }
    )
    pq.write_table(many, top / "cut.parquet", row_group_size=500, compression="NONE", use_dictionary=False)
    written = bytearray((top / "cut.parquet").read_bytes())
    for group, fill in ((2, 0xFF), (3, 0xFF)):
        chunk = pq.ParquetFile(top / "cut.parquet").metadata.row_group(group).column(0)
        written[chunk.data_page_offset : chunk.data_page_offset + 40] = bytes([fill]) * 40
    (top / "cut.parquet").write_bytes(written)
    accepted, refused = results(landing)
    assert refused == {"cut": ["unreadable_file: corrupt Parquet"]}
    assert sorted(accepted) == [f"{n:05}" for n in range(len(accepted))], "in order, up to the break"
    assert len(accepted) >= 500
    monkeypatch.setattr(odd_parquet, "WHOLE", 100)
    (found,) = landing.unreadable("exchanges", DAY)
    assert not found.by_arrow
    assert found.reason.endswith("write such columns as text, or files of up to 128 MiB")
    assert results(landing) == ({}, {"cut": [f"unreadable_file: {found.reason}"]})


def test_names_of_columns() -> None:
    assert keys(["Account_ID", "zz", "ZZ"], KNOWN) == ["account_id", "zz", "ZZ"]
    assert keys(["Prompt", "prompt"], KNOWN) == ["Prompt", "prompt"]
    assert keys(["PROMPT", "Prompt"], KNOWN) == ["prompt", "Prompt"]
    assert keys(["zz", "zz", "zz"], KNOWN) == ["zz", "zz#2", "zz#3"]
    assert keys(["account_id", "account_id"], KNOWN) == ["account_id", "account_id#2"]


def test_values_that_python_has_none_for_are_kept_as_text() -> None:
    far = pa.array([2**62], pa.int64()).cast(pa.timestamp("us"))
    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"x\xff")])
    rows = pa.RecordBatch.from_pydict(
        {
            "requested_at": far,
            "text": broken,
            "numbers": pa.array([[float("nan"), 0.5]]),
            "bytes": pa.array([b"\0\1"]),
            "long": pa.array([timedelta(seconds=1)], pa.duration("ms")),
            "map": pa.array([[(b"k", None)]], pa.map_(pa.binary(), pa.int8())),
            "none": pa.array([None], pa.int8()),
            "texts": pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), broken),
            "record": pa.StructArray.from_arrays([broken, pa.array([1])], names=["x", "x"]),
            "times": pa.ListArray.from_arrays(
                pa.array([0, 2], pa.int32()), pa.array([2**62, 0], pa.int64()).cast(pa.timestamp("us"))
            ),
            "zone": pa.array([0], pa.int64()).cast(pa.timestamp("us", "Nowhere/Town")),
            "zones": pa.array([[0]], pa.list_(pa.int64())).cast(pa.list_(pa.timestamp("us", "Nowhere/Town"))),
            "empty": pa.array([[]], pa.map_(pa.string(), pa.int8())),
        }
    )
    (line,) = odd_parquet.lines(rows, KNOWN, {"requested_at"})
    assert json.loads(line) == {
        "requested_at": str(2**62),
        "text": "x\ufffd",
        "numbers": ["nan", 0.5],
        "bytes": "0001",
        "long": 1000,
        "map": {"k": None},
        "texts": ["x\ufffd"],
        "record": {"x": "x\ufffd", "x#2": 1},
        "times": [str(2**62), "1970-01-01T00:00:00+00:00"],
        "zone": "1970-01-01T00:00:00+00:00",
        "zones": ["1970-01-01T00:00:00+00:00"],
        "empty": {},
    }


def test_whole_numbers_for_times_are_nanoseconds() -> None:
    rows = pa.RecordBatch.from_pydict({"Requested_At": [int(AT.timestamp() * 1e6) * 1000], "zz": [5]})
    (line,) = odd_parquet.lines(rows, KNOWN, {"requested_at"})
    assert json.loads(line) == {"requested_at": AT.isoformat(), "zz": 5}


def test_groups_of_files_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(odd_parquet, "WHOLE", 10)
    files = [File(str(n), str(n), size) for n, size in enumerate((4, 6, 1, 9, 30, 2))]
    made = [[f.size for f in group] for group in odd_parquet.groups(files)]
    assert made == [[4, 6], [1, 9], [30], [2]]
    assert list(odd_parquet.groups([])) == []
