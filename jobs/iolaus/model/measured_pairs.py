"""Pairs of accounts that a measure of the two brings together, and no value that they share."""

from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from iolaus.model.shared_values import MILLI

Numbers = npt.NDArray[np.float64]


def measured_pairs(
    day: date, channel: str, a: pa.Array, b: pa.Array, bits: Numbers, similarity: Numbers, support: npt.NDArray[np.int32]
) -> pa.RecordBatch:
    """Rows of a table of pairs (`iolaus.schemas.pairs`), without token and sharers. Shapes: (n,) each; bits in bits."""
    n = len(a)
    columns = {
        "run_date": pa.array([day] * n, pa.date32()),
        "account_a": a,
        "account_b": b,
        "channel": pa.array([channel] * n, pa.string()),
        "token": pa.nulls(n, pa.int64()),
        "sharers": pa.nulls(n, pa.int32()),
        "support": pa.array(support),
        "bits": pa.array(np.round(bits * MILLI).astype(np.int32)),
        "similarity": pa.array(np.round(similarity, 4)),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
