"""bronze.exchanges: every valid line of the landing, typed, as often as it arrived."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.schemas.landing import EXCHANGE
from iolaus.schemas.table import DATE
from iolaus.settings import Run
from iolaus.text.parsing import accepted


def transform(lines: DataFrame, run: Run) -> DataFrame:
    """One row per valid line that arrived on the run's day; rejected lines go to quality.quarantine.

    lines: the second has no prompt
    | line                                                                                                        |
    |-------------------------------------------------------------------------------------------------------------|
    | {"exchange_id":"1","account_id":"a","requested_at":"2026-02-09T23:59:00Z","request_model":"m","prompt":"p"} |
    | {"exchange_id":"2","account_id":"a","requested_at":"2026-02-10T09:00:00Z","request_model":"m"}              |

    result: a day late
    | exchange_id | account_id | requested_at     | arrived_on | happened_on |
    |-------------|------------|------------------|------------|-------------|
    | 1           | a          | 2026-02-09 23:59 | 2026-02-10 | 2026-02-09  |
    """
    valid = accepted(lines, EXCHANGE, run.settings.ingestion, run.day, keep=("source_file",))
    return valid.select(
        F.lit(run.day).cast(DATE).alias("arrived_on"),
        F.to_date("requested_at").alias("happened_on"),
        *(f.name for f in EXCHANGE),
        "extra",
        "source_file",
    )
