"""Runs: neighbouring rows that are equal in some columns. Of sorted rows, a run is all rows of one key."""

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def run_starts(*columns: npt.NDArray[Any]) -> Ints:
    """The places, ascending, of rows that differ from the row before them in some column of (n,).

    The first row is one.
    """
    new = np.ones(len(columns[0]), np.bool_)
    if len(new):
        new[1:] = columns[0][1:] != columns[0][:-1]
        for column in columns[1:]:
            new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(new)


def run_lengths(run_starts: Ints, n: int) -> Ints:
    """The rows of each run of n rows, of which `run_starts` are the first ones."""
    return np.diff(np.append(run_starts, n))
