"""gold.cluster_links: why these two accounts."""

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.algorithms.cooccurrence import MILLI
from jobs.schemas.table import table
from jobs.settings import Run


def transform(
    scored: DataFrame,
    clusters: DataFrame,
    infrastructure: DataFrame,
    templates: DataFrame,
    content: DataFrame,
    synchrony: DataFrame,
    cohort: DataFrame,
    run: Run,
) -> DataFrame:
    """One row a pair of members and channel. Of each account its strongest pairs are kept, so that the table grows with accounts."""
    published = scored.where(F.col("confidence") != "low").select("cluster_id")
    members = clusters.join(published, "cluster_id").select("cluster_id", "account_id")
    evidence = reduce(DataFrame.unionByName, (infrastructure, templates, content, synchrony, cohort))
    a, b = (members.select(F.col("account_id").alias(f"account_{s}"), F.col("cluster_id").alias(f"cluster_{s}")) for s in "ab")
    inside = evidence.join(a, "account_a").join(b, "account_b").where("cluster_a = cluster_b").withColumn("cluster_id", F.col("cluster_a"))
    # Pairs are ranked without their evidence, of which there may be a dozen rows a pair.
    pairs = inside.groupBy("account_a", "account_b").agg(F.sum("bits").alias("total"))
    best = Window.partitionBy("end").orderBy(F.desc("total"), "account_a", "account_b")
    ranked = pairs.withColumn("end", F.explode(F.array("account_a", "account_b"))).withColumn("nth", F.row_number().over(best))
    shown = ranked.where(F.col("nth") <= run.settings.scoring.links_shown).select("account_a", "account_b").distinct()
    rows = inside.join(shown, ["account_a", "account_b"])  # a pair may be among the strongest of both of its ends
    rows = rows.withColumn("bits", F.round(F.col("bits") / MILLI, 3))
    run_columns = {"run_date": F.lit(run.day), "run_id": F.lit(run.run_id)}
    return rows.withColumns(run_columns).select(*table("gold.cluster_links").schema.fieldNames())
