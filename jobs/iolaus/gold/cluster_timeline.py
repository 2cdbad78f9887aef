"""gold.cluster_timeline: a cluster's activity by hour and model."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(scored: DataFrame, clusters: DataFrame, profiles: DataFrame, run: Run) -> DataFrame:
    """One row per published cluster, hour and model in which any member was active.

    scored:
    | cluster_id | confidence |
    |------------|------------|
    | hc_1       | high       |
    | hc_2       | low        |

    clusters:
    | cluster_id | account_id |
    |------------|------------|
    | hc_1       | a          |
    | hc_1       | b          |
    | hc_2       | c          |

    profiles: hours since 1970, with the exchanges of each model
    | account_id | activity                   |
    |------------|----------------------------|
    | a          | [[492009, "atlas-4", 3]]   |
    | b          | [[492009, "atlas-4", 2]]   |
    | c          | [[492009, "atlas-4", 9]]   |

    result: the watchlist has no timeline
    | cluster_id | request_model | n_exchanges | n_accounts |
    |------------|---------------|-------------|------------|
    | hc_1       | atlas-4       | 5           | 2          |
    """
    published = scored.where(F.col("confidence") != "low").select("cluster_id")
    members = clusters.join(published, "cluster_id").select("cluster_id", "account_id")
    rows = members.join(profiles.select("account_id", "activity"), "account_id").select(
        "cluster_id", "account_id", F.inline("activity")
    )
    sums = rows.groupBy("cluster_id", "hour", "model").agg(
        F.sum("n").alias("n_exchanges"), F.countDistinct("account_id").cast("int").alias("n_accounts")
    )
    made = sums.withColumn("hour", F.timestamp_seconds(F.col("hour").cast("long") * 3600)).withColumnRenamed(
        "model", "request_model"
    )
    run_columns = {"run_date": F.lit(run.day), "run_id": F.lit(run.run_id)}
    return made.withColumns(run_columns).select(*table("gold.cluster_timeline").schema.fieldNames())
