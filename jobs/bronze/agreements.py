"""bronze.agreements: customers who may do what looks like distillation."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.algorithms.parsing import newest, parse
from jobs.schemas.landing import AGREEMENT
from jobs.settings import Run


def transform(lines: DataFrame, run: Run) -> DataFrame:
    """One row an organisation and kind of agreement, as last delivered."""
    valid = parse(lines, AGREEMENT, run.settings.ingestion).where(F.size("reasons") == 0)
    return newest(valid, ["org_id", "kind"]).select(*(f.name for f in AGREEMENT))
