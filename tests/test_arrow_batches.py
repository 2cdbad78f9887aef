"""Arrow batches: every row arrives once, at its task, with no more of a dictionary than it needs. Runs of rows."""

import numpy as np
import pyarrow as pa

from iolaus.engine.exchange import read, split_by_task
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
