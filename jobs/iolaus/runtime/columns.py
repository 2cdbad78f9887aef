"""Whether the columns of rows, or of a stored table, are those of its schema."""

from collections.abc import Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType

from iolaus.errors import RunError
from iolaus.schemas.table import Table


def evolved(frame: DataFrame, spec: Table) -> DataFrame:
    """The rows of a table that an earlier version wrote: optional columns that it did not have are null."""
    new = {f.name: F.lit(None).cast(f.dataType) for f in spec.columns if f.nullable and f.name not in frame.columns}
    return frame.withColumns(new) if new else frame


def check_schema(found: StructType, spec: Table) -> None:
    """Raise RunError, naming the columns, unless `found` has just the columns and types of the table."""
    if wrong := differences(found, spec):
        raise RunError(f"{spec.name}: its columns are not those of the schema (jobs/iolaus/schemas): {wrong}")


def differences(found: StructType, spec: Table) -> str:
    """The columns of `found` that are not as the table's, and those that it lacks; empty if there are none."""
    want = {f.name: _nullable(f.dataType) for f in spec.columns}
    have = {f.name: _nullable(f.dataType) for f in found.fields}
    return "; ".join(_differences(want, have))


def _differences(want: dict[str, DataType], have: dict[str, DataType]) -> Iterable[str]:
    yield from (f"{name} is missing" for name in want if name not in have)
    yield from (f"{name} is unknown" for name in have if name not in want)
    yield from (
        f"{name} is {have[name]}, not {want[name]}" for name in want if name in have and have[name] != want[name]
    )


def _nullable(type_: DataType) -> DataType:
    """The type with every part nullable and without comments, so that types compare by meaning."""
    if isinstance(type_, StructType):
        return nullable_struct(type_)
    if isinstance(type_, ArrayType):
        return ArrayType(_nullable(type_.elementType), True)
    if isinstance(type_, MapType):
        return MapType(_nullable(type_.keyType), _nullable(type_.valueType), True)
    return type_


def nullable_struct(type_: StructType) -> StructType:
    """The columns with every part nullable and without comments, so that types compare by meaning."""
    return StructType([StructField(f.name, _nullable(f.dataType), True) for f in type_.fields])
