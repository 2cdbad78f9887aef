"""pairs.synchrony: pairs of accounts that are active in the same ten-minute slots, more than chance."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.algorithms.channels import CHANNEL
from jobs.algorithms.cooccurrence import MILLI
from jobs.algorithms.measured_pairs import measured_pairs
from jobs.algorithms.sketches import SLOT_SECONDS
from jobs.algorithms.timing import co_activity_bits, effective_slots
from jobs.schemas.table import table
from jobs.settings import Run

CAP = CHANNEL["synchrony"].cap  # bits: unrelated people keep the same hours
FLOOR = CHANNEL["synchrony"].floor  # bits: less is not worth a row
SLOTS_A_DAY = 86_400 // SLOT_SECONDS
BROADCAST = 300_000  # accounts: their slots, a bit each, are 150 MB
FEWEST = 3  # common slots: fewer are a coincidence whatever the formula says


def transform(embeddings: DataFrame, infrastructure: DataFrame, templates: DataFrame, content: DataFrame, run: Run) -> DataFrame:
    """One row a candidate pair of another channel whose minutes agree."""
    schema, day = table("pairs.synchrony").schema, run.day
    busy = embeddings.select(F.explode("slots").alias("slot")).groupBy("slot").count().select("count").toArrow()  # at most 4,032 a 28 days
    slots = effective_slots(busy["count"].to_numpy().astype(np.float64))
    evidence = reduce(DataFrame.unionByName, (p.select("account_a", "account_b", "bits") for p in (infrastructure, templates, content)))
    enough = int(run.settings.pairs.synchrony_floor * MILLI)
    candidates = evidence.groupBy("account_a", "account_b").agg(F.sum("bits").alias("bits")).where(F.col("bits") >= enough)
    minutes = _minutes(embeddings, run)
    # Small beside the pairs, they go to where the pairs are; many, they meet by a shuffle.
    minutes = F.broadcast(minutes) if embeddings.count() <= BROADCAST else minutes
    a, b = (minutes.select(*(F.col(c).alias(f"{c}_{side}") for c in minutes.columns)) for side in "ab")
    met = candidates.join(a.withColumnRenamed("account_id_a", "account_a"), "account_a")
    met = met.join(b.withColumnRenamed("account_id_b", "account_b"), "account_b")
    met = met.select("account_a", "account_b", "n_a", "n_b", "active_a", "active_b")

    def weigh(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            active_a, active_b = (batch.column(c).flatten().to_numpy().reshape(batch.num_rows, -1) for c in ("active_a", "active_b"))
            together = np.bitwise_count((active_a & active_b).view(np.uint64)).sum(axis=1, dtype=np.int32)  # of a sign too
            often = np.flatnonzero(together >= FEWEST)
            n_a, n_b, common = (x[often].astype(np.float64) for x in (batch["n_a"].to_numpy(), batch["n_b"].to_numpy(), together))
            bits, similarity = np.minimum(co_activity_bits(common, n_a, n_b, slots), CAP), common / (n_a + n_b - common)
            a, b = (batch.column(name).take(pa.array(often)) for name in ("account_a", "account_b"))
            yield measured_pairs(day, "synchrony", a, b, bits, similarity, together[often])

    return met.mapInArrow(weigh, schema).where(F.col("bits") >= int(FLOOR * MILLI))


def _minutes(embeddings: DataFrame, run: Run) -> DataFrame:
    """(account_id, n, active): how many slots of the window an account is active in, and which: a bit each, in whole longs."""
    days = run.settings.window_days
    first = (run.day - timedelta(days=days - 1) - date(1970, 1, 1)).days * SLOTS_A_DAY
    longs = -(-days * SLOTS_A_DAY // 64)

    def pack(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            slots = batch.column("slots")
            row = np.repeat(np.arange(batch.num_rows), pc.list_value_length(slots).to_numpy())
            bits = np.zeros((batch.num_rows, longs * 64), bool)
            bits[row, slots.flatten().to_numpy() - first] = True
            packed = pa.array(np.packbits(bits, axis=1).view(np.int64).ravel())
            offsets = pa.array(np.arange(batch.num_rows + 1, dtype=np.int32) * longs)
            columns = [batch.column("account_id"), pa.array(bits.sum(axis=1, dtype=np.int32)), pa.ListArray.from_arrays(offsets, packed)]
            yield pa.RecordBatch.from_arrays(columns, names=["account_id", "n", "active"])

    return embeddings.select("account_id", "slots").mapInArrow(pack, "account_id string, n int, active array<long>")
