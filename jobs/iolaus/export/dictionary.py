"""The data dictionary: `docs/reference/tables.md`, made from the schemas. `make dictionary` writes it."""

from pathlib import Path

from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType

from iolaus.pipeline import STAGES
from iolaus.schemas.table import table

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "tables.md"

_HEAD = """# The published tables

Made from `jobs/iolaus/schemas` by `make dictionary`; change a column's comment there, not here.

Gold tables are Delta tables at `LAKE/gold/<table>`, partitioned by `run_date`. One run date is one atomic replacement
of its rows. Readers without Spark can open them: they need reader version 1 only. Times are UTC.

`gold.suspect_clusters` is written last. Once it has a date, every gold table has it. [Query](../analysts/query.md) has
examples in SQL and Python. [The lake](lake.md) lists the tables behind these.
"""


def page() -> str:
    """The whole page, in Markdown."""
    parts = [_HEAD]
    for made in STAGES:
        if made.layer != "gold":
            continue
        spec = table(made.table)
        key = ", ".join(f"`{name}`" for name in spec.key)
        parts.append(f"## {spec.name}\n\n{_sentence(made.holds)} {_sentence(spec.grain)} Key: {key}.\n")
        rows = [row for field in spec.columns for row in _rows(field, "")]
        parts.append("\n".join(["| column | type | may be null | meaning |", "|---|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _rows(field: StructField, before: str) -> list[str]:
    """The row of a column, and one for each field of a record within it."""
    comment = field.metadata.get("comment", "").replace("|", "\\|")
    name = f"{before}{field.name}"
    own = f"| `{name}` | {_type(field.dataType)} | {'yes' if field.nullable else ''} | {comment} |"
    inner = field.dataType
    mark = name
    while isinstance(inner, ArrayType):
        inner, mark = inner.elementType, f"{mark}[]"
    nested = [row for f in inner.fields for row in _rows(f, f"{mark}.")] if isinstance(inner, StructType) else []
    return [own, *nested]


def _type(kind: DataType) -> str:
    if isinstance(kind, ArrayType):
        return f"list of {_type(kind.elementType)}"
    if isinstance(kind, MapType):
        return f"map of {_type(kind.keyType)} to {_type(kind.valueType)}"
    return "record" if isinstance(kind, StructType) else kind.simpleString()
