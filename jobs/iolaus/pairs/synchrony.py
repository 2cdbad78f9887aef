"""pairs.synchrony: pairs of accounts that are active in the same ten-minute slots.

More, that is, than chance and their habits make them.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.exchange import PARTITIONED, by_task, pair_of, pairs_of, partitioned, split_by_task, whole
from iolaus.engine.hashing import Ints, hashed
from iolaus.engine.plan import tasks_for
from iolaus.engine.records import flattened, packed, unpacked
from iolaus.model.account_sketch import SLOTS_A_DAY
from iolaus.model.bits import MILLI
from iolaus.model.pair_evidence import ROWS, by_pair, evidence, measured_pairs
from iolaus.model.population import of_background
from iolaus.model.timing import effective_slots, met_by_habit, poisson_bits
from iolaus.schemas.table import table
from iolaus.settings import Run

BLOCK = 100_000  # accounts whose slots a task holds, and as many others': a bit each, 140 MB
PIECE = 500  # pairs that are weighed at a time: what is made of them stays in the processor's cache
REPORTED = 100  # of such pieces, whose rows are told at a time


def transform(
    profiles: DataFrame,
    population: DataFrame,
    infrastructure: DataFrame,
    templates: DataFrame,
    content: DataFrame,
    run: Run,
) -> DataFrame:
    """One row per candidate pair of another channel whose minutes agree.

    Common slots in a row are one meeting, because one sitting fills several. Meetings are compared with chance for
    accounts with as many slots, and with habit: how often the two are active at the same time of different days. So
    neither office hours nor two schedules that start at eight are evidence.

    A task has the minutes of two blocks of accounts, once each, and the evidence on pairs between them.

    profiles: a and b are active in the same four slots, at another time of each day
    | account_id | slots                                                                                      |
    |------------|--------------------------------------------------------------------------------------------|
    | a          | [2950600, 2950790, 2950920, 2951150]                                                       |
    | b          | [2950600, 2950790, 2950920, 2951150]                                                       |
    | c          | [2950610, 2950620, 2950630, 2950700, 2950710, 2950720, 2950800, 2950810, 2950850, 2950860] |
    | d          | [2950930, 2950940, 2950950, 2951000, 2951010, 2951020, 2951100, 2951110, 2951120, 2951130] |

    population:
    | account_id | account_key | is_background |
    |------------|-------------|---------------|
    | a          | 1           | true          |
    | b          | 2           | true          |
    | c          | 3           | true          |
    | d          | 4           | true          |

    templates: another channel makes them a candidate
    | key_a | key_b | channel | bits |
    |-------|-------|---------|------|
    | 1     | 2     | head8   | 5000 |

    result:
    | key_a | key_b | channel   | support | bits | similarity |
    |-------|-------|-----------|---------|------|------------|
    | 1     | 2     | synchrony | 4       | 7201 | 1.0        |
    """
    schema, day = table("pairs.synchrony").schema, run.day
    limits, fewest = run.settings.channels.synchrony, run.settings.pairs.synchrony_meetings
    if not limits.enabled:
        return profiles.sparkSession.createDataFrame([], schema)
    active = of_background(profiles.select("account_id", "slots"), population).select("account_key", "slots")
    # at most 4,032 a 28 days
    busy = active.select(F.explode("slots").alias("slot")).groupBy("slot").count().select("count").toArrow()
    slots = effective_slots(busy["count"].to_numpy().astype(np.float64))
    rows = evidence((infrastructure, templates, content), "bits")
    blocks = tasks_for(active, F.lit(1), BLOCK)
    each = tasks_for(rows, F.lit(1), ROWS * pairs_of(blocks))  # tasks that share the evidence between two blocks
    enough, longs = int(run.settings.pairs.synchrony_floor * MILLI), _longs(run)
    # of what follows the slots
    times, of_days = slice(0, SLOTS_A_DAY), slice(SLOTS_A_DAY, SLOTS_A_DAY + run.settings.window_days)

    def weigh(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        of_accounts, of_pairs = _parted(batches)
        minutes, pairs = whole(of_accounts), whole(of_pairs)
        if minutes is None or pairs is None:
            return
        a, b = _candidates(pairs, enough)
        keys, n = minutes["account_key"].to_numpy(), minutes["n"].to_numpy().astype(np.float64)
        active = unpacked(minutes["active"].combine_chunks(), np.dtype("<i8"))[1].reshape(len(keys), -1)
        by_key, found = np.argsort(keys), []
        known = np.isin(a, keys) & np.isin(b, keys)  # of an account without minutes nothing is said
        a, b = a[known], b[known]
        for first in range(0, len(a), PIECE):
            x, y = (by_key[np.searchsorted(keys, of[first : first + PIECE], sorter=by_key)] for of in (a, b))
            together = (active[x, :longs] & active[y, :longs]).view(np.uint64)
            before = together << np.uint64(1)
            before[:, 1:] |= together[:, :-1] >> np.uint64(63)
            meetings = np.bitwise_count(together & ~before).sum(axis=1, dtype=np.int32)
            often = meetings >= fewest
            x, y, meetings, products = x[often], y[often], meetings[often], n[x[often]] * n[y[often]]
            common = np.bitwise_count(together[often]).sum(axis=1, dtype=np.int32)
            one, other = (np.ascontiguousarray(active[of, longs:]).view(np.uint8).astype(np.float32) for of in (x, y))
            at_a_time, on_a_day = (
                np.einsum("nd,nd->n", one[:, at], other[:, at]).astype(np.float64) for at in (times, of_days)
            )
            expected = np.maximum(products / slots, met_by_habit(common, products, at_a_time, on_a_day))
            bits, similarity = np.minimum(poisson_bits(meetings, expected), limits.cap), common / (n[x] + n[y] - common)
            told = np.round(bits * MILLI) >= limits.floor * MILLI
            found.append((x[told], y[told], bits[told], similarity[told], common[told]))
            if len(found) == REPORTED or first + PIECE >= len(a):
                x, y, *measured = (np.concatenate(column) for column in zip(*found, strict=True))
                found.clear()
                yield measured_pairs(day, "synchrony", keys[x], keys[y], *measured)

    to_tasks = partitioned(rows, lambda batch: _task_of(batch, blocks, each)).unionByName(
        _minutes(active, run, blocks, each)
    )
    return by_task(to_tasks, each * pairs_of(blocks), weigh, schema)


def _task_of(rows: pa.RecordBatch, blocks: int, each: int) -> npt.NDArray[np.int32]:
    """The task that weighs the pair of each row of evidence: one of `each` for the pair of blocks of its accounts."""
    a, b = (rows[side].to_numpy() for side in "ab")
    part = (hashed(a, b) % np.uint64(each)).astype(np.int64)
    return (pair_of(a % blocks, b % blocks) * each + part).astype(np.int32)


def _parted(batches: Iterable[pa.RecordBatch]) -> tuple[list[pa.RecordBatch], list[pa.RecordBatch]]:
    """Of all rows of a task those of accounts, and those of pairs."""
    parts: tuple[list[pa.RecordBatch], list[pa.RecordBatch]] = ([], [])
    for batch in batches:
        parts["bits" in batch.schema.names].append(batch)
    return parts


def _candidates(pairs: pa.Table, enough: int) -> tuple[Ints, Ints]:
    """The keys of the accounts of each pair on which there is so much evidence."""
    a, b = (pairs[side].to_numpy() for side in "ab")
    order, run_starts = by_pair(a, b)
    first = order[run_starts[np.add.reduceat(pairs["bits"].to_numpy()[order], run_starts) >= enough]]
    return a[first], b[first]


def _longs(run: Run) -> int:
    """Whole longs that hold a bit a slot of the window."""
    return -(-run.settings.window_days * SLOTS_A_DAY // 64)


def _minutes(active: DataFrame, run: Run, blocks: int, each: int) -> DataFrame:
    """PARTITIONED: (account_key, n, active), to each task of the account's block.

    In how many slots of the window an account is active, and in which.

    `active` is whole longs, as bytes: a bit a slot, the first slot the lowest bit; then a byte a time of day, on how
    many days the account is active at it; then a byte a day, in how many slots of it.
    """
    days, longs = run.settings.window_days, _longs(run)
    first = (run.day - timedelta(days=days - 1) - date(1970, 1, 1)).days * SLOTS_A_DAY
    habits = -(-(SLOTS_A_DAY + days) // 8)

    def pack(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            slots, row = flattened(batch.column("slots"))
            bits = np.zeros((batch.num_rows, longs * 64), bool)
            bits[row, slots.to_numpy() - first] = True
            by_day = bits[:, : days * SLOTS_A_DAY].reshape(-1, days, SLOTS_A_DAY)
            active = np.zeros((batch.num_rows, (longs + habits) * 8), np.uint8)
            active[:, : longs * 8] = np.packbits(bits, axis=1, bitorder="little")
            active[:, longs * 8 : longs * 8 + SLOTS_A_DAY] = by_day.sum(axis=1)
            active[:, longs * 8 + SLOTS_A_DAY : longs * 8 + SLOTS_A_DAY + days] = by_day.sum(axis=2)
            as_bytes = packed(np.full(len(active), active.shape[1]), active.ravel())
            columns = [batch.column("account_key"), pa.array(bits.sum(axis=1, dtype=np.int32)), as_bytes]
            made = pa.RecordBatch.from_arrays(columns, names=["account_key", "n", "active"])
            block = made["account_key"].to_numpy() % blocks
            for other in range(blocks):
                place = pair_of(block, other) * each
                for part in range(each):
                    yield from split_by_task(made, (place + part).astype(np.int32))

    return active.mapInArrow(pack, PARTITIONED)
