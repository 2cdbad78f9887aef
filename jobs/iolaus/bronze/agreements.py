"""bronze.agreements: customers who may do what looks like distillation."""

from pyspark.sql import DataFrame

from iolaus.schemas.landing import AGREEMENT
from iolaus.settings import Run
from iolaus.text.parsing import accepted, newest


def transform(lines: DataFrame, run: Run) -> DataFrame:
    """One row per organisation and kind of agreement, as last delivered.

    lines:
    | line                                                             |
    |------------------------------------------------------------------|
    | {"org_id": "o", "kind": "synthetic_data", "since": "2026-01-01"} |
    | {"org_id": "o", "kind": "reseller", "since": "2025-06-01"}       |
    | {"org_id": "o", "kind": "synthetic_data", "since": "2026-02-01"} |

    result:
    | org_id | kind           | since      |
    |--------|----------------|------------|
    | o      | synthetic_data | 2026-02-01 |
    | o      | reseller       | 2025-06-01 |
    """
    valid = accepted(lines, AGREEMENT, run.settings.ingestion, keep=("source_file", "position"))
    return newest(valid, ["org_id", "kind"]).select(*(f.name for f in AGREEMENT))
