"""What files of the landing hold as lines of JSON, whatever they are: text as it is, and rows of Parquet."""

from collections.abc import Collection, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, BinaryType, DataType, LongType, MapType, StructField, StructType

from iolaus.schemas.landing import FIELDS
from iolaus.schemas.table import LONG, STRING, TIMESTAMP

JSON_LINES = (".jsonl", ".jsonl.gz")
PARQUET = ".parquet"
KINDS = (*JSON_LINES, PARQUET)
LINES = StructType(
    [
        StructField("line", STRING),  # the line's bytes, which may be no UTF-8; null in the row of an unreadable file
        StructField("source_file", STRING),  # path below the landing
        StructField("position", LONG),  # grows from line to line of one file; says nothing between files
        StructField("unreadable", STRING),  # why the file could not be read to its end; null in the row of a line
    ]
)


def cleaned(line: Column) -> Column:
    """The line without a byte order mark before it and a carriage return after it."""
    line = F.when(F.endswith(line, F.lit("\r")), F.substring(line, F.lit(1), F.length(line) - 1)).otherwise(line)
    return F.when(F.startswith(line, F.lit("\ufeff")), F.substring(line, F.lit(2), F.length(line))).otherwise(line)


def keys(names: Sequence[str], known: Collection[str]) -> list[str]:
    """The names of a Parquet file's columns as those of a line's fields, each once.

    Tools of Parquet hold names for equal that differ in case alone, so a field that the landing knows is found under
    any case; if it stands there as it is written, any other is another field.

    keys(["Account_ID", "zz", "zz"], {"account_id"}) -> ["account_id", "zz", "zz#2"]
    """
    found: list[str] = []
    for name in names:
        of_landing = name.lower() in known and name.lower() not in (*names, *found)
        key = base = name.lower() if of_landing else name
        count = 1
        while key in found:
            count += 1
            key = f"{base}#{count}"
        found.append(key)
    return found


def times_of(folder: str) -> frozenset[str]:
    """The fields of a folder of the landing that are times."""
    return frozenset(f.name for f in FIELDS.get(f"landing.{folder}", ()) if f.dataType == TIMESTAMP)


def as_json(folder: str, schema: StructType) -> Column:
    """A row of Parquet as a line of JSON, without its null fields.

    A time without a zone is UTC. A whole number where a time belongs counts nanoseconds since 1970, for so
    Spark gives Parquet's nanoseconds; seconds or milliseconds read so are impossible times, and rejected.
    """
    times = times_of(folder)
    names = keys(schema.names, [f.name for f in FIELDS.get(f"landing.{folder}", ())])

    def value(field: StructField, name: str) -> Column:
        found = F.col("`" + field.name.replace("`", "``") + "`")
        if isinstance(field.dataType, LongType) and name in times:
            return F.timestamp_micros(F.floor(found / 1000)).alias(name)
        text = _with_text(field.dataType)
        return (found if text == field.dataType else found.cast(text)).alias(name)

    formats = {
        "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
        "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'",
    }
    return F.to_json(F.struct(*map(value, schema.fields, names)), formats)


def _with_text(kind: DataType) -> DataType:
    """A type with text for bytes, at any depth: text that its writer did not mark as text."""
    if isinstance(kind, BinaryType):
        return STRING
    if isinstance(kind, ArrayType):
        return ArrayType(_with_text(kind.elementType), kind.containsNull)
    if isinstance(kind, MapType):
        return MapType(_with_text(kind.keyType), _with_text(kind.valueType), kind.valueContainsNull)
    if isinstance(kind, StructType):
        return StructType([StructField(f.name, _with_text(f.dataType), f.nullable) for f in kind.fields])
    return kind


def table_lines(rows: DataFrame, folder: str, name: str) -> DataFrame:
    """The rows of a table as lines of JSON. Shapes: `LINES`."""
    columns = (
        as_json(folder, rows.schema),
        F.lit(name),
        F.monotonically_increasing_id(),
        F.lit(None).cast(STRING),
    )
    return rows.select(*(column.alias(name) for column, name in zip(columns, LINES.names, strict=True)))
