"""The landing is read whatever its files are, and what is broken in it is named and stops nothing."""

import gzip
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from iolaus.errors import UsageError
from iolaus.runtime.landing import Landing
from iolaus.runtime.unreadable import Unreadable

DAY = date(2026, 2, 10)
MANY = b"".join(b'{"n": %d}\n' % n for n in range(60_000))

Files = dict[str, bytes]


@pytest.fixture
def landing(spark: SparkSession, tmp_path: Path) -> Callable[[Files], Landing]:
    """Makes a landing of files, given by their paths below it; `DAY/` stands for the folder of the day."""

    def make(files: Files) -> Landing:
        (tmp_path / "exchanges").mkdir(exist_ok=True)
        for name, content in files.items():
            path = tmp_path / name.replace("DAY", "exchanges/dt=2026-02-10")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return Landing(spark, str(tmp_path))

    return make


def parquet(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def read(
    landing: Landing, folder: str = "exchanges", day: date | None = DAY, unreadable: list[Unreadable] | None = None
) -> list[tuple[str, str]]:
    """(file, line) in order of file and position; the file without the day's folder."""
    rows = (
        landing.lines(folder, day, unreadable or [])
        .where("unreadable is null")
        .orderBy("source_file", "position")
        .collect()
    )
    return [(r["source_file"].removeprefix("exchanges/dt=2026-02-10/"), r["line"]) for r in rows]


def test_all_kinds_of_files_are_read_together(landing: Callable[[Files], Landing]):
    made = landing(
        {
            "DAY/b.jsonl.gz": gzip.compress(b"4\n") + gzip.compress(b"5\n"),
            "DAY/a [1] +é%41.jsonl": b"\xef\xbb\xbf1\r\n\n  \n2\n3",
            "DAY/hour=03/d.jsonl": b"6\n",
            "DAY/p.parquet": parquet(pa.table({"a": ["x", None]})),
            "DAY/empty.jsonl": b"",
            "DAY/empty.jsonl.gz": b"",
            "DAY/nothing.jsonl.gz": gzip.compress(b""),
            "DAY/_hidden.jsonl": b"no\n",
            "DAY/.hidden.jsonl": b"no\n",
            "DAY/_temporary/x.jsonl": b"no\n",
            "exchanges/dt=2026-02-11/x.jsonl": b"no\n",
        }
    )
    a = "a [1] +é%41.jsonl"
    lines = [(a, "1"), (a, "2"), (a, "3"), ("b.jsonl.gz", "4"), ("b.jsonl.gz", "5"), ("hour=03/d.jsonl", "6")]
    assert read(made) == [*lines, ("p.parquet", '{"a":"x"}'), ("p.parquet", "{}")]
    assert made.unreadable("exchanges", DAY) == []
    assert made.days() == [DAY, date(2026, 2, 11)]
    assert read(made, day=date(2026, 2, 9)) == []


def test_an_undated_folder_may_be_files_or_folders_or_missing(landing: Callable[[Files], Landing]):
    made = landing(
        {
            "accounts.jsonl": b"1\n",
            "accounts.jsonl.gz": gzip.compress(b"2\n"),
            "accounts/x.jsonl": b"3\n",
            "accounts.old": b"no\n",
        }
    )
    assert read(made, "accounts", None) == [
        ("accounts.jsonl", "1"),
        ("accounts.jsonl.gz", "2"),
        ("accounts/x.jsonl", "3"),
    ]
    assert read(made, "models", DAY) == []


def test_a_line_keeps_its_place_however_the_file_is_split(landing: Callable[[Files], Landing], spark: SparkSession):
    made = landing({"DAY/a.jsonl": MANY, "DAY/b.jsonl": b"x\n"})
    spark.conf.set("spark.sql.files.maxPartitionBytes", "60000")
    try:
        lines = made.lines("exchanges", DAY)
        assert lines.rdd.getNumPartitions() > 5
        rows = lines.where("source_file like '%a.jsonl'").orderBy("position").select("line").collect()
    finally:
        spark.conf.unset("spark.sql.files.maxPartitionBytes")
    assert "".join(r["line"] + "\n" for r in rows).encode() == MANY


def test_broken_files_are_found_and_their_sound_rows_kept(landing: Callable[[Files], Landing]):
    packed = gzip.compress(MANY)
    flipped = bytearray(packed)
    flipped[len(flipped) // 2] ^= 255
    table = parquet(pa.table({"a": ["x"]}))
    files = {f"DAY/good{n}.jsonl.gz": gzip.compress(b"%d\n" % n) for n in range(5)}
    files |= {
        "DAY/cut.jsonl.gz": packed[: len(packed) // 2],
        "DAY/flipped.jsonl.gz": bytes(flipped),
        "DAY/text.jsonl.gz": b"this is no gzip\n",
        "DAY/cut.parquet": table[: len(table) // 2],
        "DAY/good.parquet": table,
        "DAY/notes.txt": b"hello\n",
    }
    made = landing(files)
    with pytest.raises(Py4JJavaError):
        read(made)
    found = made.unreadable("exchanges", DAY)
    top = "exchanges/dt=2026-02-10/"
    reasons = {
        "cut.jsonl.gz": "truncated gzip",
        "cut.parquet": "corrupt Parquet",
        "flipped.jsonl.gz": "corrupt gzip",
        "text.jsonl.gz": "corrupt gzip",
    }
    assert found == [Unreadable(top + name, reason) for name, reason in reasons.items()]
    lines = read(made, unreadable=found)
    kept = [line for name, line in lines if name == "cut.jsonl.gz"]
    assert len(kept) > 10_000
    assert "".join(line + "\n" for line in kept).encode() == MANY[: sum(len(line) + 1 for line in kept)]
    assert [line for name, line in lines if name.startswith("good")] == ['{"a":"x"}', "0", "1", "2", "3", "4"]
    marks = made.lines("exchanges", DAY, found).where("unreadable is not null").collect()
    kinds = {"notes.txt": "not a .jsonl, .jsonl.gz or .parquet file"}
    assert {m["source_file"].removeprefix(top): m["unreadable"] for m in marks} == reasons | kinds
    assert {m["line"] for m in marks} == {None}


def test_parquet_is_written_as_json(landing: Callable[[Files], Landing]):
    at = datetime(2026, 2, 10, 8, 0, 0, 123456, UTC)
    naive = at.replace(tzinfo=None)
    made = landing(
        {
            "DAY/a.parquet": parquet(
                pa.table(
                    {
                        "requested_at": pa.array([at], pa.timestamp("us", "UTC")),
                        "n": [1],
                        "s": pa.array([None], pa.string()),
                    }
                )
            ),
            "DAY/b.parquet": parquet(
                pa.table({"requested_at": pa.array([naive], pa.timestamp("ms")), "t": [["x"]], "f": [0.5]})
            ),
            # n is text here
            "DAY/c.parquet": parquet(pa.table({"requested_at": pa.array([at], pa.timestamp("ns", "UTC")), "n": ["1"]})),
            "DAY/d.parquet": parquet(pa.table({"b": [b"bytes"], "y": [True]})),
        }
    )
    assert read(made) == [
        ("a.parquet", '{"requested_at":"2026-02-10T08:00:00.123456Z","n":1}'),
        ("b.parquet", '{"requested_at":"2026-02-10T08:00:00.123000Z","t":["x"],"f":0.5}'),
        ("c.parquet", '{"requested_at":"2026-02-10T08:00:00.123456Z","n":"1"}'),
        ("d.parquet", '{"b":"bytes","y":true}'),
    ]


def test_a_landing_that_is_none_is_said_so_in_one_line(spark: SparkSession, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    for uri, said in [
        (tmp_path / "none", "there is no landing folder"),
        (tmp_path / "empty", "has no folder exchanges"),
        ("nosuch://x/y", "cannot be opened"),
    ]:
        with pytest.raises(UsageError, match=said) as error:
            Landing(spark, str(uri))
        assert "\n" not in str(error.value)
