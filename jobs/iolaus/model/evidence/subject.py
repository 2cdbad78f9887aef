"""Evidence that members ask about one subject."""

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.bits import MILLI
from iolaus.model.evidence.piece import piece
from iolaus.model.signals import CHANNEL, DIVIDED, SIGNALS
from iolaus.model.subjects import same_subject, spoken
from iolaus.settings import Run

SUBJECT = CHANNEL["content"]
_PAIRED = 1_000  # members of a cluster whose pairs are compared


def subject(members: DataFrame, profiles: DataFrame, run: Run) -> tuple[DataFrame, DataFrame]:
    """Pairs of members that ask about the same things, against random pairs.

    With many accounts it is task sharing, too.
    """
    settings = run.settings.scoring
    vectors = spoken(profiles, run.settings.pairs).select("account_id", "vector")
    vectors = vectors if run.settings.channels.content.enabled else vectors.limit(0)
    cut = same_subject(vectors, vectors.count(), run.settings.pairs)
    tail, threshold = (run.settings.pairs.content_tail, 1.0) if cut is None else (cut.tail, cut.threshold)

    def close(table: pa.Table) -> pa.Table:
        rows = table.sort_by("account_id").slice(0, _PAIRED)
        matrix = rows["vector"].combine_chunks().flatten().to_numpy().reshape(len(rows), -1)
        pairs = (matrix @ matrix.T)[np.triu_indices(len(rows), 1)]
        share = float((pairs >= threshold).mean()) if len(pairs) else 0.0
        return pa.table(
            {
                "cluster_id": table["cluster_id"].slice(0, 1),
                "size": pa.array([len(table)], pa.int64()),
                "value": [share],
            }
        )

    directed = members.join(vectors, "account_id").groupBy("cluster_id")
    shares = directed.applyInArrow(close, "cluster_id string, size long, value double").where(F.col("value") > tail)
    cap = F.lit(run.settings.channels.content.cap)
    bits = F.round(F.least(F.log2(F.col("value") / F.lit(tail)), cap) * MILLI).cast("int")
    rows = shares.select("*", F.lit(tail).alias("background"), F.col("size").alias("support"), bits.alias("bits"))
    text = F.format_string(
        "%.0f%% of pairs of %,d accounts %s (under 1%% of %s do).",
        F.col("value") * 100,
        "size",
        F.lit(SUBJECT.says),
        F.lit(SUBJECT.baseline),
    )
    many = rows.where(
        (F.col("size") >= settings.subject_accounts) & (F.col("value") >= run.settings.graph.content_density)
    )
    divided = F.format_string("All %,d accounts %s.", "size", F.lit(SIGNALS[DIVIDED].says))
    return (
        piece(rows.where("bits >= 1000"), F.lit("content"), F.lit("coordination"), text),
        piece(many, F.lit(DIVIDED), F.lit(SIGNALS[DIVIDED].kind), divided),
    )
