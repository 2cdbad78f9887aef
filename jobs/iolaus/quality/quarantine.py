"""quality.quarantine: what bronze rejected, whole, with the reasons."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField

from iolaus.engine.measured import reporting
from iolaus.schemas.landing import ACCOUNT, AGREEMENT, EXCHANGE, MODEL
from iolaus.schemas.table import DATE, STRING
from iolaus.settings import Run
from iolaus.text.parsing import rejected


def transform(
    exchanges: DataFrame, accounts: DataFrame, models: DataFrame, agreements: DataFrame, accepted: DataFrame, run: Run
) -> DataFrame:
    """One row per rejected line of the four landing folders, and one per file that cannot be read to its end.

    Lines are parsed again, by the same function as bronze, so a line is in just one of the two tables; but
    not the day's exchanges where as many were accepted (`bronze.exchanges`) as there are lines, for then
    none was rejected: counting is cheaper than parsing. Their number goes to the gate, which holds the sum.
    Rejected lines of undated folders stand under each run's date for as long as they are delivered.

    models: no such time, and a line that was cut
    | line                                             |
    |--------------------------------------------------|
    | {"model": "atlas-4", "released_at": "yesterday"} |
    | {"model": "atlas-5", "relea                      |

    result:
    | source | reasons                     | row                                              |
    |--------|-----------------------------|--------------------------------------------------|
    | models | ["wrong_type: released_at"] | {"model": "atlas-4", "released_at": "yesterday"} |
    | models | ["broken_json"]             | {"model": "atlas-5", "relea                      |
    """
    given = {"exchanges": exchanges, "accounts": accounts, "accepted": accepted}
    lines = _counted(given)
    doubtful = exchanges if lines["exchanges"] != lines["accepted"] else exchanges.limit(0)
    parts = [
        _rejected("exchanges", doubtful, EXCHANGE, run, run.day),
        _rejected("accounts", accounts, ACCOUNT, run),
        _rejected("models", models, MODEL, run),
        _rejected("agreements", agreements, AGREEMENT, run),
    ]
    told = {"exchange_lines": float(lines["exchanges"]), "account_lines": float(lines["accounts"])}
    return reporting(reduce(DataFrame.unionByName, parts), "source", told)


def _counted(frames: Mapping[str, DataFrame]) -> dict[str, int]:
    """The rows of each frame, by one job."""
    counts = (
        frame.agg(F.count(F.lit(1)).alias("n")).select(F.lit(name).alias("of"), "n") for name, frame in frames.items()
    )
    return {row["of"]: row["n"] for row in reduce(DataFrame.unionByName, counts).collect()}


def _rejected(
    source: str, lines: DataFrame, fields: Sequence[StructField], run: Run, arrived_on: date | None = None
) -> DataFrame:
    text = F.col("line").cast(STRING)  # its bytes, which may be no UTF-8
    return rejected(lines, fields, run.settings.ingestion, arrived_on, keep=("source_file",)).select(
        F.lit(run.day).cast(DATE).alias("arrived_on"),
        F.lit(source).alias("source"),
        "source_file",
        "reasons",
        F.make_valid_utf8(text).alias("row"),
        F.when(~F.is_valid_utf8(text), F.col("line")).alias("row_bytes"),
    )
