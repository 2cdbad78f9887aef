"""gold.cluster_links: why these two accounts."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.algorithms.cooccurrence import MILLI
from jobs.algorithms.few import ends, few, mark, pair
from jobs.algorithms.pair_evidence import evidence
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
    of_published = clusters.join(published, "cluster_id").select("cluster_id", "account_id")
    # Millions of pairs are added up and ranked by numbers of accounts, in the order of their ids, and not by the ids.
    number = F.row_number().over(Window.orderBy("account_id")).cast("long")
    members = few(of_published.select(mark("account_id").alias("mark"), "account_id", "cluster_id", number.alias("number")))
    said = ("channel", "bits", "sharers", "support", "similarity")
    pairs_of_accounts = evidence((infrastructure, templates, content, synchrony, cohort), *said)
    names = {"account_id": "account", "cluster_id": "cluster", "number": "number"}
    a, b = (members.select(F.col("mark").alias(s), *(F.col(name).alias(f"{short}_{s}") for name, short in names.items())) for s in "ab")
    inside = pairs_of_accounts.join(a, "a").join(b, "b").where("cluster_a = cluster_b")
    inside = inside.withColumnRenamed("cluster_a", "cluster_id").withColumn("pair", pair("number_a", "number_b"))
    # Pairs are ranked without their evidence, of which there may be a dozen rows a pair.
    pairs = inside.groupBy("pair").agg(F.sum("bits").alias("total"))
    best = Window.partitionBy("end").orderBy(F.desc("total"), "pair")
    ranked = pairs.withColumn("end", F.explode(F.array(*ends("pair")))).withColumn("nth", F.row_number().over(best))
    shown = ranked.where(F.col("nth") <= run.settings.scoring.links_shown).select("pair").distinct()
    rows = inside.join(few(shown), "pair")  # a pair may be among the strongest of both of its ends
    rows = rows.withColumn("bits", F.round(F.col("bits") / MILLI, 3))
    run_columns = {"run_date": F.lit(run.day), "run_id": F.lit(run.run_id)}
    return rows.withColumns(run_columns).select(*table("gold.cluster_links").schema.fieldNames())
