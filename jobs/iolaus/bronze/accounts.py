"""bronze.accounts: the newest snapshot of each account."""

from pyspark.sql import DataFrame

from iolaus.schemas.landing import ACCOUNT
from iolaus.settings import Run
from iolaus.text.parsing import accepted, newest


def transform(lines: DataFrame, run: Run) -> DataFrame:
    """One row per account: of its valid lines, the last one of the file whose path is greatest, numbers as numbers.

    `silver.accounts` decides what was known on a date: a later `banned_at` was not.

    lines: part-10 is newer than part-9
    | source_file   | line                                                                      |
    |---------------|---------------------------------------------------------------------------|
    | part-9.jsonl  | {"account_id": "a", "created_at": "2026-01-05T08:00:00Z", "plan": "free"} |
    | part-10.jsonl | {"account_id": "a", "created_at": "2026-01-05T08:00:00Z", "plan": "pro"}  |

    result:
    | account_id | created_at       | plan |
    |------------|------------------|------|
    | a          | 2026-01-05 08:00 | pro  |
    """
    valid = accepted(lines, ACCOUNT, run.settings.ingestion, keep=("source_file", "position"))
    return newest(valid, ["account_id"]).select(*(f.name for f in ACCOUNT), "extra")
