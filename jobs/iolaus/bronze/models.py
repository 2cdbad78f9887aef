"""bronze.models: models and their releases."""

from pyspark.sql import DataFrame

from iolaus.schemas.landing import MODEL
from iolaus.settings import Run
from iolaus.text.parsing import accepted, newest


def transform(lines: DataFrame, run: Run) -> DataFrame:
    """One row per model, as last delivered.

    lines: of one file, the later line is newer
    | line                                                        |
    |-------------------------------------------------------------|
    | {"model": "atlas-4", "released_at": "2026-02-03T00:00:00Z"} |
    | {"model": "atlas-4", "released_at": "2026-02-05T17:00:00Z"} |

    result:
    | model   | released_at      |
    |---------|------------------|
    | atlas-4 | 2026-02-05 17:00 |
    """
    valid = accepted(lines, MODEL, run.settings.ingestion, keep=("source_file", "position"))
    return newest(valid, ["model"]).select(*(f.name for f in MODEL))
