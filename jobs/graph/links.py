"""graph.links: pairs on which independent families of evidence agree, and which close triangles."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.algorithms.channels import CHANNEL
from jobs.algorithms.communities import truss
from jobs.algorithms.cooccurrence import MILLI
from jobs.algorithms.verdicts import cleared_pairs, in_force
from jobs.schemas.graph_links import FAMILIES
from jobs.settings import Run


def transform(
    infrastructure: DataFrame,
    templates: DataFrame,
    content: DataFrame,
    synchrony: DataFrame,
    cohort: DataFrame,
    embeddings: DataFrame,
    verdicts: DataFrame,
    run: Run,
) -> DataFrame:
    """One row a linked pair, with its bits by family.

    Channels of one group are views of one fact, so the best counts; groups of a family add up. A link
    needs two families and more bits than chance would give any pair among so many accounts; and it must
    close triangles with other links, which links by chance do not. A pair that an analyst judged innocent is kept, with
    the verdict, and counts for nothing.
    """
    settings = run.settings.graph
    rows = (f.select("account_a", "account_b", "channel", "bits") for f in (infrastructure, templates, content, synchrony, cohort))
    best = {group: F.max(F.when(F.col("channel").isin(names), F.col("bits"))) for group, names in _GROUPS.items()}
    facts = reduce(DataFrame.unionByName, rows).groupBy("account_a", "account_b").agg(*(bits.alias(group) for group, bits in best.items()))
    pairs = facts.select("account_a", "account_b", *(_summed(family).alias(family) for family in FAMILIES))
    floor = int(settings.family_floor * MILLI)
    agreeing = reduce(Column.__add__, (F.when(F.col(f) >= floor, 1).otherwise(0) for f in FAMILIES))
    total = reduce(Column.__add__, (F.col(f) for f in FAMILIES))
    enough = (F.log2(F.lit(float(max(embeddings.count(), 2)))) + settings.chance_links) * MILLI
    strong = pairs.withColumn("bits", total).where((agreeing >= settings.families) & (F.col("bits") >= enough)).localCheckpoint()
    ends = ["account_a", "account_b"]
    marked = strong.withColumn("verdict_id", F.lit(None).cast("string"))
    if not verdicts.isEmpty():
        marked = strong.join(cleared_pairs(strong, in_force(verdicts, run)), ends, "left").localCheckpoint()
    counted = marked.where("verdict_id is null").select(F.col("account_a").alias("a"), F.col("account_b").alias("b"))
    closed = truss(counted, driver_edges=settings.driver_edges).where(F.col("triangles") >= settings.triangles)
    kept = marked.join(closed.select(F.col("a").alias("account_a"), F.col("b").alias("account_b"), "triangles"), ends)
    kept = kept.unionByName(marked.where("verdict_id is not null").withColumn("triangles", F.lit(0).cast("long")))
    triangles = F.col("triangles").cast("int").alias("triangles")
    return kept.select(F.lit(run.day).alias("run_date"), *ends, *FAMILIES, "bits", triangles, "verdict_id")


_GROUPS = {
    f"{c.family} {c.group}": [o.name for o in CHANNEL.values() if (o.family, o.group) == (c.family, c.group)] for c in CHANNEL.values()
}


def _summed(family: str) -> Column:
    """The bits of a family: of its groups the best of each, added up."""
    return reduce(Column.__add__, (F.coalesce(F.col(f"`{g}`"), F.lit(0)) for g in _GROUPS if g.split()[0] == family))
