"""bronze.models: models and their releases."""

from pyspark.sql import DataFrame

from iolaus.schemas.landing import MODEL
from iolaus.settings import Run
from iolaus.text.parsing import accepted, newest


def transform(lines: DataFrame, run: Run) -> DataFrame:
    """One row a model, as last delivered."""
    valid = accepted(lines, MODEL, run.settings.ingestion, keep=("source_file", "position"))
    return newest(valid, ["model"]).select(*(f.name for f in MODEL))
