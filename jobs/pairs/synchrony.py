"""pairs.synchrony: pairs of accounts that are active in the same ten-minute slots, more than chance and their habits make them."""

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
from jobs.algorithms.fingerprints import packed, unpacked
from jobs.algorithms.measured_pairs import measured_pairs
from jobs.algorithms.sketches import SLOTS_A_DAY
from jobs.algorithms.timing import effective_slots, met_by_habit, poisson_bits
from jobs.schemas.table import table
from jobs.settings import Run

CAP = CHANNEL["synchrony"].cap  # bits: unrelated people may follow the same events
FLOOR = CHANNEL["synchrony"].floor  # bits: less is not worth a row
BROADCAST = 300_000  # accounts: their slots, a bit each, are 150 MB
FEWEST = 3  # meetings: fewer are a coincidence whatever the formula says


def transform(embeddings: DataFrame, infrastructure: DataFrame, templates: DataFrame, content: DataFrame, run: Run) -> DataFrame:
    """One row a candidate pair of another channel whose minutes agree.

    Common slots in a row are one meeting, for a sitting fills several. Meetings are held against what two accounts of
    so many slots make by chance, and against what these two make by habit: how often they are active at the same time
    of different days. So neither office hours nor two schedules that start at eight are evidence.
    """
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
    longs, days = _longs(run), run.settings.window_days

    def weigh(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            one, other = (unpacked(batch.column(c), np.dtype("<i8"))[1].reshape(batch.num_rows, -1) for c in ("active_a", "active_b"))
            together = (one[:, :longs] & other[:, :longs]).view(np.uint64)
            before = together << np.uint64(1)
            before[:, 1:] |= together[:, :-1] >> np.uint64(63)
            meetings = np.bitwise_count(together & ~before).sum(axis=1, dtype=np.int32)
            often = np.flatnonzero(meetings >= FEWEST)
            n_a, n_b = (batch[c].to_numpy()[often].astype(np.float64) for c in ("n_a", "n_b"))
            common = np.bitwise_count(together[often]).sum(axis=1, dtype=np.int32)
            habits = (np.ascontiguousarray(x[often, longs:]).view(np.uint8).astype(np.int32) for x in (one, other))
            product = np.multiply(*habits)
            at_a_time, on_a_day = product[:, :SLOTS_A_DAY].sum(axis=1), product[:, SLOTS_A_DAY : SLOTS_A_DAY + days].sum(axis=1)
            expected = np.maximum(n_a * n_b / slots, met_by_habit(common, n_a * n_b, at_a_time, on_a_day))
            bits, similarity = np.minimum(poisson_bits(meetings[often], expected), CAP), common / (n_a + n_b - common)
            a, b = (batch.column(name).take(pa.array(often)) for name in ("account_a", "account_b"))
            yield measured_pairs(day, "synchrony", a, b, bits, similarity, common)

    return met.mapInArrow(weigh, schema).where(F.col("bits") >= int(FLOOR * MILLI))


def _longs(run: Run) -> int:
    """Whole longs that hold a bit a slot of the window."""
    return -(-run.settings.window_days * SLOTS_A_DAY // 64)


def _minutes(embeddings: DataFrame, run: Run) -> DataFrame:
    """(account_id, n, active): in how many slots of the window an account is active, and in which.

    `active` is whole longs, as bytes: a bit a slot, the first slot the lowest bit; then a byte a time of day, on how many days the
    account is active at it; then a byte a day, in how many slots of it.
    """
    days, longs = run.settings.window_days, _longs(run)
    first = (run.day - timedelta(days=days - 1) - date(1970, 1, 1)).days * SLOTS_A_DAY
    habits = -(-(SLOTS_A_DAY + days) // 8)

    def pack(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            slots = batch.column("slots")
            row = np.repeat(np.arange(batch.num_rows), pc.list_value_length(slots).to_numpy())
            bits = np.zeros((batch.num_rows, longs * 64), bool)
            bits[row, slots.flatten().to_numpy() - first] = True
            by_day = bits[:, : days * SLOTS_A_DAY].reshape(-1, days, SLOTS_A_DAY)
            active = np.zeros((batch.num_rows, (longs + habits) * 8), np.uint8)
            active[:, : longs * 8] = np.packbits(bits, axis=1, bitorder="little")
            active[:, longs * 8 : longs * 8 + SLOTS_A_DAY] = by_day.sum(axis=1)
            active[:, longs * 8 + SLOTS_A_DAY : longs * 8 + SLOTS_A_DAY + days] = by_day.sum(axis=2)
            as_bytes = packed(np.full(len(active), active.shape[1]), active.ravel())
            columns = [batch.column("account_id"), pa.array(bits.sum(axis=1, dtype=np.int32)), as_bytes]
            yield pa.RecordBatch.from_arrays(columns, names=["account_id", "n", "active"])

    return embeddings.select("account_id", "slots").mapInArrow(pack, "account_id string, n int, active binary")
