"""pairs.content: pairs of accounts that ask about the same things, by the cosine of their vectors."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.measured import telling
from iolaus.joins.cosine.join import background, cosine_join, sampled
from iolaus.model.pair_evidence import measured_pairs
from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(embeddings: DataFrame, accounts: DataFrame, run: Run) -> DataFrame:
    """One row a pair that is closer in content than nearly all random pairs of the same data.

    Evidence: -log2 of the share of random pairs at least as close, from a sample of accounts. Where a share of
    `content_tail` of all pairs would be more than `content_neighbours` an account, the nearest so many are looked for:
    the pairs then grow with the accounts and not with their square, and each has the channel's cap still.
    """
    schema, settings, day = table("pairs.content").schema, run.settings.pairs, run.day
    limits = run.settings.channels.content
    if not limits.enabled:
        return embeddings.sparkSession.createDataFrame([], schema)
    known = accounts.select("account_id", "owner_id", "agreement")
    spoken = embeddings.where(F.col("vector").isNotNull() & (F.col("prompt_words") >= settings.content_words)).select(
        "account_id", "vector"
    )
    owned = (
        spoken.join(known, "account_id", "left")
        .where("agreement is null")
        .select("account_id", "vector", F.coalesce("owner_id", "account_id").alias("owner_id"))
    )
    count = owned.count()
    sample = sampled(owned.withColumnRenamed("account_id", "id"), settings.content_sample)
    if len(sample) < 3:
        return embeddings.sparkSession.createDataFrame([], schema)
    cosines = background(sample)
    tail = min(settings.content_tail, settings.content_neighbours / count)
    near = cosine_join(
        owned.select(F.col("account_id").alias("id"), "vector"),
        min(float(np.quantile(cosines, 1 - tail)), 1.0),
        target=settings.content_recall,
        neighbours=settings.content_neighbours,
        identical=settings.most_sharers,
    )
    join = near.schema["similarity"].metadata
    owners = owned.select("account_id", "owner_id")
    a, b = (owners.select(F.col("account_id").alias(side), F.col("owner_id").alias(f"owner_{side}")) for side in "ab")
    near = near.join(a, "a").join(b, "b").where("owner_a <> owner_b").select("a", "b", "similarity")

    def weigh(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            cosine = batch.column("similarity").to_numpy()
            tail = (len(cosines) - np.searchsorted(cosines, cosine, side="left") + 1) / (len(cosines) + 1)
            bits, similarity = np.minimum(-np.log2(tail), limits.cap), np.clip(cosine.astype(np.float64), 0, 1)
            once = np.ones(len(cosine), np.int32)
            yield measured_pairs(day, "content", batch.column("a"), batch.column("b"), bits, similarity, once)

    # What the rows cannot show: which of the pairs that there are were not found.
    measured = {"join_recall": join["recall"], "join_recall_at_least": join["recall_at_least"], "join_target": settings.content_recall}
    return telling(near.mapInArrow(weigh, schema), "similarity", measured)
