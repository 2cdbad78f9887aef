"""Lists of numbers, or of records, as bytes: Spark and Parquet carry bytes whole, and lists number by number."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Offsets = npt.NDArray[np.int64]


def packed(lengths: Offsets, numbers: npt.NDArray[Any]) -> pa.BinaryArray:
    """Lists of numbers, or records, as little-endian bytes."""
    data = numbers.astype(numbers.dtype.newbyteorder("<"), copy=False)
    ends = np.concatenate([[0], np.cumsum(lengths)]) * data.itemsize
    return pa.Array.from_buffers(
        pa.binary(), len(lengths), [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(data)]
    )


def unpacked(lists: pa.BinaryArray, kind: np.dtype[Any]) -> tuple[Offsets, npt.NDArray[Any]]:
    """The inverse of `packed`: the length of each list (0 of a null one) and the numbers, or records, of all."""
    filled = pc.fill_null(lists, b"")
    _, bounds, data = filled.buffers()
    ends = np.frombuffer(bounds, np.int32)[filled.offset : filled.offset + len(filled) + 1].astype(np.int64)
    lengths = np.diff(ends) // kind.itemsize
    return lengths, np.frombuffer(data or b"", kind, lengths.sum(), ends[0])


def flattened(lists: pa.ListArray) -> tuple[pa.Array, Offsets]:
    """The items of all lists, and of each the row that it is in; a null list has none."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    return lists.flatten(), np.repeat(np.arange(len(lists)), lengths)
