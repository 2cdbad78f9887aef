"""pairs.content: pairs of accounts that ask about the same things, by the cosine of their vectors."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.measured import reporting
from iolaus.joins.cosine.join import cosine_join
from iolaus.model.pair_evidence import measured_pairs
from iolaus.model.population import of_background
from iolaus.model.subjects import same_subject, spoken
from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(profiles: DataFrame, population: DataFrame, run: Run) -> DataFrame:
    """One row per pair that is closer in content than nearly all random pairs of the same data.

    Evidence: -log2 of the share of random pairs at least as close, from a sample of accounts. Which pairs are of one
    subject, see `model.subjects`.

    profiles: a and b ask about nearly the same
    | account_id | prompt_words | vector      |
    |------------|--------------|-------------|
    | a          | 900          | [1.0, 0.0]  |
    | b          | 900          | [0.8, 0.6]  |
    | c          | 900          | [0.0, 1.0]  |
    | d          | 900          | [-1.0, 0.0] |

    population:
    | account_id | account_key | owner_id | is_background |
    |------------|-------------|----------|---------------|
    | a          | 1           | a        | true          |
    | b          | 2           | b        | true          |
    | c          | 3           | c        | true          |
    | d          | 4           | d        | true          |

    result: closest of 6 random pairs, so -log2(2 / 7) bits, in thousandths
    | key_a | key_b | channel | bits | similarity |
    |-------|-------|---------|------|------------|
    | 1     | 2     | content | 1807 | 0.8        |
    """
    schema, settings, day = table("pairs.content").schema, run.settings.pairs, run.day
    limits = run.settings.channels.content
    if not limits.enabled:
        return profiles.sparkSession.createDataFrame([], schema)
    owned = of_background(spoken(profiles, settings).select("account_id", "vector"), population)
    cut = same_subject(owned, owned.count(), settings)
    if cut is None:
        return profiles.sparkSession.createDataFrame([], schema)
    near = cosine_join(
        owned.select(F.col("account_id").alias("id"), "vector"),
        cut.threshold,
        target=settings.content_recall,
        neighbours=settings.content_neighbours,
        identical=settings.most_sharers,
    )
    join = near.schema["similarity"].metadata
    a, b = (
        owned.select(*(F.col(c).alias(f"{c}_{side}") for c in ("account_id", "account_key", "owner_id")))
        for side in "ab"
    )
    near = (
        near.withColumnsRenamed({"a": "account_id_a", "b": "account_id_b"})
        .join(a, "account_id_a")
        .join(b, "account_id_b")
    )
    near = near.where("owner_id_a <> owner_id_b").select("account_key_a", "account_key_b", "similarity")

    def weigh(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        cosines = cut.cosines
        for batch in batches:
            a, b, cosine = (column.to_numpy() for column in batch.columns)
            tail = (len(cosines) - np.searchsorted(cosines, cosine, side="left") + 1) / (len(cosines) + 1)
            bits, similarity = np.minimum(-np.log2(tail), limits.cap), np.clip(cosine.astype(np.float64), 0, 1)
            yield measured_pairs(day, "content", a, b, bits, similarity, np.ones(len(cosine), np.int32))

    # What the rows cannot show: which of the pairs that there are were not found.
    measured = {
        "join_recall": join["recall"],
        "join_recall_at_least": join["recall_at_least"],
        "join_target": settings.content_recall,
    }
    return reporting(near.mapInArrow(weigh, schema), "similarity", measured)
