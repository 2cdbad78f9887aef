"""bronze.exchanges: every valid line of the landing, typed, as often as it arrived."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.algorithms.parsing import accepted
from jobs.schemas.landing import EXCHANGE
from jobs.schemas.table import DATE
from jobs.settings import Run


def transform(lines: DataFrame, run: Run) -> DataFrame:
    """One row a valid line that arrived on the run's day; rejected lines go to quality.quarantine."""
    valid = accepted(lines, EXCHANGE, run.settings.ingestion, run.day, keep=("source_file",))
    return valid.select(
        F.lit(run.day).cast(DATE).alias("arrived_on"),
        F.to_date("requested_at").alias("happened_on"),
        *(f.name for f in EXCHANGE),
        "extra",
        "source_file",
    )
