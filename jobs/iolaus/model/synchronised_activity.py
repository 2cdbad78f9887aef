"""Synchronised activity: whether a group's accounts meet in the same ten minutes.

More, that is, than chance and their own hours make them.

Two accounts meet in a slot in which both are active. On each day a group's meetings are held against two figures: those
of random accounts with as many slots that day, and those the group would make, were its accounts active that day at the
times at which they are active on other days. The second holds whatever hours the group keeps, be it an office, a
country or a schedule that starts at eight, so neither is evidence; nor is it that all are active on the same days, for
each day's own slots are taken as they are. What is left is one hand: bursts at irregular times, or a queue that is
emptied through many accounts at once. After SynchroTrap (Cao et al., CCS 2014), with the surrogates by shifts of whole
days that neuroscience tests coincident spikes with.

Cost: the slots of all accounts counted once, one Arrow pass over those of members, and then a row a group and slot,
4,032 of a window of 28 days.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.model.account_sketch import SLOTS_A_DAY
from iolaus.model.timing import poisson_bits
from iolaus.settings import Scoring

_SUMS = ("n", "again", "same_day", "other_days")


def synchronised_activity(members: DataFrame, profiles: DataFrame, settings: Scoring) -> DataFrame:
    """(cluster_id, days, active_days, met, expected): groups that meet so, now and again; sums of pairs and slots.

    members: (cluster_id, account_id), an account in one cluster at most; profiles: account_id and slots of
    `features.account_profiles`. days: on which the group met `synchronised_lift` times as often as expected, with
    `synchronised_day` bits against chance; at least `synchronised_share` of active_days, on which it was active. Over
    all days it meets `synchronised_lift` times as often as expected too.
    """
    day, time = F.floor(F.col("slot") / SLOTS_A_DAY).alias("day"), F.pmod("slot", F.lit(SLOTS_A_DAY)).alias("time")
    everybody = profiles.select(F.explode("slots").alias("slot")).groupBy("slot").agg(F.count(F.lit(1)).alias("n"))
    busy = everybody.groupBy(day).agg((F.sum(F.col("n") * F.col("n")) / F.pow(F.sum("n"), 2)).alias("chance"))
    placed = _counted(members, profiles).select("cluster_id", day, time, *_SUMS)
    at_time = F.sum("n").over(Window.partitionBy("cluster_id", "time"))  # on all days
    own = placed.withColumn("others", F.col("n") * (at_time - F.col("n")) - F.col("again"))
    by_day = own.groupBy("cluster_id", "day").agg(
        F.sum(F.col("n") * (F.col("n") - 1)).alias("meetings"),
        F.sum("others").alias("others"),
        *(F.sum(name).alias(name) for name in ("n", "same_day", "other_days")),
    )
    total = F.sum("n").over(Window.partitionBy("cluster_id"))
    pairs = (F.col("n") * F.col("n") - F.col("same_day")) / 2  # of slots of two accounts on the day
    elsewhere = F.col("n") * (total - F.col("n")) - F.col("other_days")  # of slots on the day, and on others
    habit = F.when(elsewhere > 0, F.col("others") / elsewhere).otherwise(0.0)
    days = by_day.withColumns({"pairs": pairs, "habit": habit}).join(F.broadcast(busy), "day")
    expected = F.col("pairs") * F.greatest("habit", "chance")
    rows = days.select("cluster_id", (F.col("meetings") / 2).alias("met"), expected.alias("expected"))

    def weigh(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            met, expected = (batch.column(c).to_numpy() for c in ("met", "expected"))
            often = (met >= settings.synchronised_lift * expected) & (
                poisson_bits(met, expected) >= settings.synchronised_day
            )
            yield pa.RecordBatch.from_arrays([*batch.columns, pa.array(often)], names=[*batch.schema.names, "often"])

    judged = rows.mapInArrow(weigh, "cluster_id string, met double, expected double, often boolean")
    summed = judged.groupBy("cluster_id").agg(
        F.count(F.when(F.col("often"), 1)).cast("int").alias("days"),
        F.count(F.lit(1)).cast("int").alias("active_days"),
        F.sum("met").cast("long").alias("met"),
        # Sums of expectations are rounded, so that they do not depend on the order of rows.
        (F.sum(F.round(F.col("expected") * 1_000).cast("long")) / 1_000).alias("expected"),
    )
    regular = (F.col("days") > 0) & (F.col("days") >= settings.synchronised_share * F.col("active_days"))
    return summed.where(regular & (F.col("met") >= settings.synchronised_lift * F.col("expected")))


def _counted(members: DataFrame, profiles: DataFrame) -> DataFrame:
    """(cluster_id, slot, n, again, same_day, other_days): of each group's active accounts in a slot.

    Sums over those accounts: n of 1, again of the other days on which each is active at that time of day, same_day of
    its slots on that day, other_days of its slots on others.
    """

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            slots = batch.column("slots")
            lengths = pc.list_value_length(slots).to_numpy()
            slot, account = slots.flatten().to_numpy().astype(np.int64), np.repeat(np.arange(batch.num_rows), lengths)
            if not len(slot):
                continue
            first = int(slot.min()) // SLOTS_A_DAY
            day, time = slot // SLOTS_A_DAY - first, slot % SLOTS_A_DAY
            days = int(day.max()) + 1
            at_time = np.bincount(account * SLOTS_A_DAY + time, minlength=batch.num_rows * SLOTS_A_DAY)
            on_day = np.bincount(account * days + day, minlength=batch.num_rows * days)
            same_day = on_day[account * days + day]
            sums = (
                np.ones_like(slot),
                at_time[account * SLOTS_A_DAY + time] - 1,
                same_day,
                lengths[account] - same_day,
            )
            codes = batch.column("cluster_id").dictionary_encode()
            group = codes.indices.to_numpy()[account].astype(np.int64)
            keys, at = np.unique(group * days * SLOTS_A_DAY + (slot - first * SLOTS_A_DAY), return_inverse=True)
            which, where = np.divmod(keys, days * SLOTS_A_DAY)
            added = (np.bincount(at, weights=x, minlength=len(keys)).astype(np.int64) for x in sums)
            columns = [
                codes.dictionary.take(pa.array(which)),
                pa.array(where + first * SLOTS_A_DAY),
                *(pa.array(x) for x in added),
            ]
            yield pa.RecordBatch.from_arrays(columns, names=["cluster_id", "slot", *_SUMS])

    grouped = profiles.select("account_id", "slots").join(members.select("cluster_id", "account_id"), "account_id")
    schema = "cluster_id string, slot long, " + ", ".join(f"{name} long" for name in _SUMS)
    parts = grouped.select("cluster_id", "slots").mapInArrow(count, schema)
    return parts.groupBy("cluster_id", "slot").agg(*(F.sum(name).alias(name) for name in _SUMS))
