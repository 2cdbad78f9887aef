"""Runs: neighbouring rows that are equal in some columns. Of sorted rows, a run is all rows of one key."""

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def run_starts(*columns: npt.NDArray[Any]) -> Ints:
    """The places, ascending, of the first rows of runs.

    A run starts at row 0 and at each row that differs from the row before it in some column.

    >>> run_starts(np.array([1, 1, 2, 2, 2, 1])).tolist()
    [0, 2, 5]
    """
    new = np.ones(len(columns[0]), np.bool_)
    if len(new):
        new[1:] = columns[0][1:] != columns[0][:-1]
        for column in columns[1:]:
            new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(new)


def run_lengths(run_starts: Ints, n: int) -> Ints:
    """The number of rows of each run, given the places from `run_starts` and the number of rows n.

    >>> run_lengths(np.array([0, 2, 5]), 6).tolist()
    [2, 3, 1]
    """
    return np.diff(np.append(run_starts, n))
