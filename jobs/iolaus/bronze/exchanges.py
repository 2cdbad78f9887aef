"""bronze.exchanges: every valid line of the landing, typed, as often as it arrived."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.schemas.landing import EXCHANGE
from iolaus.schemas.table import DATE
from iolaus.settings import Run
from iolaus.text.parsing import accepted


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
