"""Arrow batches: every row arrives once, at its task, with no more of a dictionary than it needs. Runs of rows."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from iolaus.engine.exchange import by_task, partitioned, read, split_by_task
from iolaus.engine.runs import run_lengths, run_starts


def batch(names: list[str], codes: list[int]) -> pa.RecordBatch:
    coded = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(names))
    return pa.RecordBatch.from_arrays([coded, pa.array(range(len(codes)), pa.int64())], names=["name", "n"])


def test_rows_arrive_once_in_their_partition() -> None:
    rng = np.random.default_rng(4)
    codes, task = rng.integers(0, 50, 300), rng.integers(0, 7, 300).astype(np.int32)
    rows = batch([f"name {i} é" for i in range(50)], codes.tolist())
    partitioned = list(split_by_task(rows, task))
    assert sorted(d["task"][0].as_py() for d in partitioned) == list(range(7))
    for one in partitioned:
        [got] = read([one])
        at = np.flatnonzero(task == one["task"][0].as_py())
        assert got["n"].to_pylist() == at.tolist()
        assert got["name"].to_pylist() == [f"name {codes[i]} é" for i in at]
        assert len(got["name"].dictionary) == len(set(codes[at]))


def test_no_rows_are_no_arrow_batches() -> None:
    assert list(split_by_task(batch(["a"], []), np.zeros(0, np.int32))) == []
    assert list(read([])) == []


def test_runs_are_rows_equal_in_every_column() -> None:
    rng = np.random.default_rng(3)
    for n in (0, 1, 2, 200):
        columns = [rng.integers(0, 2, n) for _ in range(3)]
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        first = [i for i in range(n) if i == 0 or rows[i] != rows[i - 1]]
        assert run_starts(*columns).tolist() == first
        assert run_lengths(run_starts(*columns), n).tolist() == np.diff([*first, n]).tolist()


@pytest.mark.parametrize("version", ["4.0.2", "4.1.4"])
def test_a_task_gets_all_its_rows_on_either_spark(
    version: str, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark 4.0 takes no function of batches. A task without a result has no rows."""

    def task_of(batch: pa.RecordBatch) -> np.ndarray:
        return (batch["id"].to_numpy() % 3).astype(np.int32)

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        ids = [i for batch in batches for i in batch["id"].to_pylist()]
        if ids[0] % 3:
            yield pa.RecordBatch.from_pydict({"task": [ids[0] % 3], "total": [sum(ids)]})

    rows = partitioned(spark.range(10, numPartitions=2), task_of)
    monkeypatch.setattr(type(rows.sparkSession), "version", version)
    made = by_task(rows, 3, work, "task long, total long").collect()
    assert sorted(tuple(row) for row in made) == [(1, 12), (2, 15)]
