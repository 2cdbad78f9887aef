"""A store does the same with Spark's JVM, without it, and on an object store."""

import gzip
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from iolaus.errors import UsageError
from iolaus.runtime.spark.hadoop import HadoopStore
from iolaus.runtime.spark.local_store import LocalStore
from iolaus.runtime.spark.object_store import ObjectStore, without_spark
from iolaus.runtime.spark.store import Store, open_store

LINES = b"one\ntwo\r\nthree\rfour\n"


@pytest.fixture(params=["hadoop", "local", "objects"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Each kind, empty."""
    if request.param == "hadoop":
        return HadoopStore(request.getfixturevalue("spark"), f"file://{tmp_path}/ro ot")
    if request.param == "local":
        return LocalStore(f"{tmp_path}/ro ot")
    memory = pytest.importorskip("obstore").store.MemoryStore()
    return ObjectStore("s3a://bucket/ro ot", memory)


def test_files_are_made_once_written_moved_and_removed(store: Store) -> None:
    one, two = store.at("a/one.json"), store.at("b=2/two.json")
    assert (store.read(one), store.entry(one), store.entry(store.at("a"))) == (None, None, None)
    assert store.create(one, "first ü")
    assert not store.create(one, "second")
    assert store.read(one) == "first ü"
    store.write(one, "third")
    store.make_folder(store.at("b=2"))
    store.move(one, two)
    store.write(one, "fourth")
    store.move(one, two)
    assert (store.read(one), store.read(two)) == (None, "fourth")
    store.remove(store.at("b=2"))
    store.remove(two)
    assert store.entry(two) is None


def test_folders_are_listed_by_name(store: Store) -> None:
    for name in ("dt=2026-02-10/b.jsonl", "dt=2026-02-10/a+%.jsonl", "accounts.jsonl", "dt=2026-02-09/deep/er/c.jsonl"):
        store.make_folder(store.at(name).rpartition("/")[0])
        store.write(store.at(name), "12345")
    assert [(e.name, e.is_folder, e.size) for e in store.children(store.root)] == [
        ("accounts.jsonl", False, 5),
        ("dt=2026-02-09", True, 0),
        ("dt=2026-02-10", True, 0),
    ]
    day = store.entry(store.at("dt=2026-02-10"))
    assert day is not None
    assert day.is_folder
    assert [e.name for e in store.children(day.uri)] == ["a+%.jsonl", "b.jsonl"]
    (first, *_) = store.children(day.uri)
    assert store.read(first.uri) == "12345"
    assert abs(first.modified / 1000 - time.time()) < 600
    hidden = {n for n in store.below(store.root) if not n.endswith(".crc")}
    assert hidden == {
        "accounts.jsonl",
        "dt=2026-02-09/deep/er/c.jsonl",
        "dt=2026-02-10/a+%.jsonl",
        "dt=2026-02-10/b.jsonl",
    }
    assert store.below(store.at("nothing")) == []


def test_what_a_file_holds_is_measured(store: Store, tmp_path: Path) -> None:
    """Its head, the size that a gzip file says it has, and lines that end in a newline, a carriage return or both."""
    if isinstance(store, ObjectStore):
        store._obs.put(store._bucket, "ro ot/plain", LINES)
        store._obs.put(store._bucket, "ro ot/packed.gz", gzip.compress(LINES))
    else:
        (tmp_path / "ro ot").mkdir()
        (tmp_path / "ro ot" / "plain").write_bytes(LINES)
        (tmp_path / "ro ot" / "packed.gz").write_bytes(gzip.compress(LINES))
    plain, packed = store.at("plain"), store.at("packed.gz")
    assert store.head(plain, 5) == "one\nt"
    assert store.end(packed, len(gzip.compress(LINES))) == len(LINES)
    assert store.unpacked(packed) == len(LINES)
    assert (store.line_count(plain, packed=False), store.line_count(packed, packed=True)) == (4, 4)


def test_the_prefix_is_what_spark_puts_before_a_file(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "a b+c=ü%"
    folder.mkdir()
    (folder / "x.txt").write_text("line")
    read = spark.read.option("__globPaths__", "false").text(LocalStore(str(folder)).at("x.txt"))
    row = read.select("_metadata.file_path").first()
    assert row is not None
    assert row.file_path.removeprefix("file:").removeprefix("//") == LocalStore(str(folder)).prefix + "x.txt"
    assert LocalStore(str(folder)).prefix == open_store(spark, str(folder)).prefix


@pytest.mark.parametrize("uri", ["s3a:///nothing", "s3://"])
def test_what_is_no_store_is_said_in_one_line(uri: str) -> None:
    pytest.importorskip("obstore")
    with pytest.raises(UsageError, match="is not the URI of an object store; write it as s3://bucket/folder"):
        without_spark(uri)
