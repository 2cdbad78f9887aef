"""bronze.accounts: the newest snapshot of each account."""

from pyspark.sql import DataFrame

from iolaus.schemas.landing import ACCOUNT
from iolaus.settings import Run
from iolaus.text.parsing import accepted, newest


def transform(lines: DataFrame, run: Run) -> DataFrame:
    """One row an account: of its valid lines, the last one of the file whose path is greatest, numbers as numbers.

    What was known on a date (`banned_at` later than it is not) is for silver.accounts to say.
    """
    valid = accepted(lines, ACCOUNT, run.settings.ingestion, keep=("source_file", "position"))
    return newest(valid, ["account_id"]).select(*(f.name for f in ACCOUNT), "extra")
