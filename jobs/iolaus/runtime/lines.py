"""What files of the landing hold as lines of JSON, whatever they are: text as it is, and rows of Parquet."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, LongType, StructField, StructType

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


def as_json(folder: str, schema: StructType) -> Column:
    """A row of Parquet as a line of JSON, without its null fields.

    A time without a zone is UTC. A whole number where a time belongs counts nanoseconds since 1970, for so
    Spark gives Parquet's nanoseconds; seconds or milliseconds read so are impossible times, and rejected.
    """
    times = {f.name for f in FIELDS.get(f"landing.{folder}", ()) if f.dataType == TIMESTAMP}

    def value(field: StructField) -> Column:
        found = F.col("`" + field.name.replace("`", "``") + "`")
        if isinstance(field.dataType, BinaryType):
            return found.cast(STRING).alias(field.name)  # text that its writer did not mark as text
        if isinstance(field.dataType, LongType) and field.name in times:
            return F.timestamp_micros(F.floor(found / 1000)).alias(field.name)
        return found.alias(field.name)

    formats = {
        "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
        "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'",
    }
    return F.to_json(F.struct(*map(value, schema.fields)), formats)


def table_lines(rows: DataFrame, folder: str, name: str) -> DataFrame:
    """The rows of a table as lines of JSON. Shapes: `LINES`."""
    columns = (
        as_json(folder, rows.schema),
        F.lit(name),
        F.monotonically_increasing_id(),
        F.lit(None).cast(STRING),
    )
    return rows.select(*(column.alias(name) for column, name in zip(columns, LINES.names, strict=True)))
