"""Tables to which analysts append a row at a time, without starting Spark."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Field, Schema, write_deltalake
from deltalake.schema import ArrayType, PrimitiveType

from iolaus.errors import UsageError, one_line
from iolaus.export.gold import Gold

LONGEST = 4_000  # characters of a name, a reason or a note
Columns = Sequence[tuple[str, str, str, bool]]  # name, type, meaning, whether it is required


def append(gold: Gold, name: str, columns: Columns, grain: str, row: Mapping[str, Any], key: str) -> None:
    """Append one row to a table, which is made, append-only, if there is none; the commit names the row by its key."""
    created = DeltaTable.create(
        f"{gold.lake}/{name.replace('.', '/')}",
        schema(columns),
        mode="ignore",
        description=grain,
        configuration={"delta.appendOnly": "true"},
        storage_options=gold.options or None,
    )
    made = pa.Table.from_pylist([dict(row)], pa.schema(schema(columns).to_arrow()))
    write_deltalake(
        created,
        made,
        mode="append",
        schema_mode="merge",  # a table that an earlier version made may lack columns
        commit_properties=CommitProperties(custom_metadata={key: row[key]}),
    )


def schema(columns: Columns) -> Schema:
    """The columns, as Delta has them."""

    def type_of(name: str) -> ArrayType | PrimitiveType:
        if name.startswith("array<"):
            return ArrayType(PrimitiveType(name[len("array<") : -1]), contains_null=False)
        return PrimitiveType(name)

    return Schema(
        [
            Field(name, type_of(t), nullable=not required, metadata={"comment": says})
            for name, t, says, required in columns
        ]
    )


def said(name: str, text: str) -> str:
    """One line of text. Raises UsageError if nothing is left of it, or too much."""
    line = " ".join(text.split())
    if not line or len(line) > LONGEST or not line.isprintable():
        raise UsageError(
            f"{name} {one_line(text, 40)!r} cannot be used; say something in at most {LONGEST:,} printable characters"
        )
    return line
