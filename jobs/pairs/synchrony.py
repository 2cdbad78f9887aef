"""pairs.synchrony: pairs of accounts that are active in the same ten-minute slots, more than chance."""

from collections.abc import Iterable, Iterator
from functools import reduce

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.algorithms.channels import CHANNEL
from jobs.algorithms.cooccurrence import MILLI
from jobs.algorithms.timing import co_activity_bits, effective_slots
from jobs.schemas.table import table
from jobs.settings import Run

CAP = CHANNEL["synchrony"].cap  # bits: unrelated people keep the same hours
FLOOR = CHANNEL["synchrony"].floor  # bits: less is not worth a row
FEWEST = 3  # common slots: fewer are a coincidence whatever the formula says


def transform(embeddings: DataFrame, infrastructure: DataFrame, templates: DataFrame, content: DataFrame, run: Run) -> DataFrame:
    """One row a candidate pair of another channel whose minutes agree."""
    schema, day = table("pairs.synchrony").schema, run.day
    busy = embeddings.select(F.explode("slots").alias("slot")).groupBy("slot").count().select("count").toArrow()  # at most 4,032 a 28 days
    slots = effective_slots(busy["count"].to_numpy().astype(np.float64))
    evidence = reduce(DataFrame.unionByName, (p.select("account_a", "account_b", "bits") for p in (infrastructure, templates, content)))
    enough = int(run.settings.pairs.synchrony_floor * MILLI)
    candidates = evidence.groupBy("account_a", "account_b").agg(F.sum("bits").alias("bits")).where(F.col("bits") >= enough)
    a, b = (embeddings.select(F.col("account_id").alias(f"account_{side}"), F.col("slots").alias(f"slots_{side}")) for side in "ab")
    met = (
        candidates.join(a, "account_a")
        .join(b, "account_b")
        .select(
            "account_a",
            "account_b",
            F.size("slots_a").alias("n_a"),
            F.size("slots_b").alias("n_b"),
            F.size(F.array_intersect("slots_a", "slots_b")).alias("common"),
        )
    )

    def weigh(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            n_a, n_b, common = (batch.column(c).to_numpy().astype(np.float64) for c in ("n_a", "n_b", "common"))
            bits = np.round(np.minimum(co_activity_bits(common, n_a, n_b, slots), CAP) * MILLI).astype(np.int32)
            n = batch.num_rows
            columns = {
                "run_date": pa.array([day] * n, pa.date32()),
                "account_a": batch.column("account_a"),
                "account_b": batch.column("account_b"),
                "channel": pa.array(["synchrony"] * n, pa.string()),
                "token": pa.nulls(n, pa.int64()),
                "sharers": pa.nulls(n, pa.int32()),
                "support": pa.array(common.astype(np.int32)),
                "bits": pa.array(bits),
                "similarity": pa.array(np.round(common / (n_a + n_b - common), 4)),
            }
            yield pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    return met.where(F.col("common") >= FEWEST).mapInArrow(weigh, schema).where(F.col("bits") >= int(FLOOR * MILLI))
