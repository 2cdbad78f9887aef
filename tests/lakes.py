"""Small lakes for tests without Spark: Delta tables written from the schemas."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake
from pyspark.sql.pandas.types import to_arrow_schema
from rows import base

from jobs.schemas.table import table


def write(lake: Path, name: str, overrides: Sequence[dict[str, Any]]) -> None:
    """Append rows to a table of a lake: what an override does not name is null or plain, as in `rows.rows`."""
    spec = table(name)
    if unknown := {column for row in overrides for column in row} - set(spec.schema.fieldNames()):
        raise KeyError(f"{name} has no column {', '.join(sorted(unknown))}")
    made = [{f.name: row[f.name] if f.name in row else base(f) for f in spec.schema.fields} for row in overrides]
    rows = pa.Table.from_pylist(made, schema=to_arrow_schema(spec.schema, timestamp_utc=True))
    write_deltalake(lake / name.replace(".", "/"), rows, mode="append", partition_by=[spec.date] if spec.date else None)
