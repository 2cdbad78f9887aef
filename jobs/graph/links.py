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
    evidence = reduce(DataFrame.unionByName, rows).withColumn("family", _family()).withColumn("part", _group())
    facts = evidence.groupBy("account_a", "account_b", "family", "part").agg(F.max("bits").alias("bits"))
    sums = [F.coalesce(F.sum(F.when(F.col("family") == family, F.col("bits"))), F.lit(0)).cast("int").alias(family) for family in FAMILIES]
    pairs = facts.groupBy("account_a", "account_b").agg(*sums)
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


def _family() -> Column:
    return F.create_map(*(F.lit(x) for c in CHANNEL.values() for x in (c.name, c.family)))[F.col("channel")]


def _group() -> Column:
    return F.create_map(*(F.lit(x) for c in CHANNEL.values() for x in (c.name, c.group)))[F.col("channel")]
