"""What a transform measured while it made its rows, carried to the gate with the rows."""

from collections.abc import Mapping

from pyspark.sql import DataFrame

_MEASURED = "metrics"  # in the metadata of a column


def reporting(frame: DataFrame, column: str, metrics: Mapping[str, float | None]) -> DataFrame:
    """The same rows, telling metrics of how they were made: in the metadata of a column, which no table keeps."""
    metadata = {**frame.schema[column].metadata, _MEASURED: dict(metrics)}
    return frame.withMetadata(column, metadata)


def reported(frame: DataFrame) -> dict[str, float | None]:
    """The metrics that rows tell; of most, none."""
    return {name: value for field in frame.schema.fields for name, value in field.metadata.get(_MEASURED, {}).items()}
