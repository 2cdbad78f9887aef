"""bronze.models: models and their releases."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.algorithms.parsing import newest, parse
from jobs.schemas.landing import MODEL
from jobs.settings import Run


def transform(lines: DataFrame, run: Run) -> DataFrame:
    """One row a model, as last delivered."""
    valid = parse(lines, MODEL, run.settings.ingestion).where(F.size("reasons") == 0)
    return newest(valid, ["model"]).select(*(f.name for f in MODEL))
