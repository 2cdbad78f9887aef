"""bronze.agreements: customers who may do what looks like distillation."""

from pyspark.sql import DataFrame

from iolaus.schemas.landing import AGREEMENT
from iolaus.settings import Run
from iolaus.text.parsing import accepted, newest


def transform(lines: DataFrame, run: Run) -> DataFrame:
    """One row an organisation and kind of agreement, as last delivered."""
    valid = accepted(lines, AGREEMENT, run.settings.ingestion, keep=("source_file", "position"))
    return newest(valid, ["org_id", "kind"]).select(*(f.name for f in AGREEMENT))
