"""What a table of the lake is: columns with comments, a key, a date column, an order within files."""

from dataclasses import dataclass
from importlib import import_module

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    ShortType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

BINARY, BOOLEAN, BYTE, SHORT, INT, LONG = (
    BinaryType(),
    BooleanType(),
    ByteType(),
    ShortType(),
    IntegerType(),
    LongType(),
)
FLOAT, DOUBLE, STRING, DATE, TIMESTAMP = FloatType(), DoubleType(), StringType(), DateType(), TimestampType()


def array_of(element: DataType) -> ArrayType:
    """An array without nulls in it."""
    return ArrayType(element, containsNull=False)


def map_of(value: DataType) -> MapType:
    """A map from strings, without null values."""
    return MapType(STRING, value, valueContainsNull=False)


def column(name: str, type_: DataType, comment: str, *, required: bool = False) -> StructField:
    """A column: its name, its type, its meaning (with unit and range), and whether it may be null."""
    return StructField(name, type_, nullable=not required, metadata={"comment": comment})


def struct_of(*fields: StructField) -> StructType:
    """A nested record."""
    return StructType(list(fields))


@dataclass(frozen=True)
class Table:
    """A table of the lake.

    `grain` says in words what one row is; `key` are the columns that identify it; `date` is the column
    on which it is partitioned and replaced (None: the table is replaced whole); `order` are the columns
    by which rows are sorted in a file, so that a reader of one account skips the others.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[StructField, ...]
    date: str | None = None
    order: tuple[str, ...] = ()

    @property
    def schema(self) -> StructType:
        """The columns as Spark's type."""
        return StructType(list(self.columns))


def table(name: str) -> Table:
    """The table of that name, `layer.table`; its module is `iolaus.schemas.layer_table`.

    Raises LookupError if there is none.
    """
    try:
        found = import_module(f"iolaus.schemas.{name.replace('.', '_')}").TABLE
    except ModuleNotFoundError as error:
        raise LookupError(f"no table {name}") from error
    assert isinstance(found, Table)
    return found
