"""Rows of a Delta table in this process, without Spark."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.dataset as ds


def scanned(rows: ds.Dataset, columns: Sequence[str] | None = None, of: ds.Expression | None = None) -> pa.Table:
    """The rows for which `of` holds; without it, all. columns: their names; None for all.

    Read by one thread: those of a parallel scan may outlive it, and a process that ends meanwhile is aborted (signal 6,
    in one of twelve runs of a short command).
    """
    return rows.scanner(columns=None if columns is None else list(columns), filter=of, use_threads=False).to_table()
