"""gold.watchlist: clusters that are not published, for an analyst with time."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(clusters: DataFrame, previous: DataFrame, run: Run) -> DataFrame:
    """One row per cluster of low confidence, with the columns of `gold.suspect_clusters` and its first listing.

    clusters:
    | cluster_id | confidence |
    |------------|------------|
    | hc_1       | low        |
    | hc_2       | low        |
    | hc_3       | high       |

    previous:
    | cluster_id | first_flagged |
    |------------|---------------|
    | hc_1       | 2026-02-01    |

    result: on 2026-02-10
    | cluster_id | first_flagged |
    |------------|---------------|
    | hc_1       | 2026-02-01    |
    | hc_2       | 2026-02-10    |
    """
    listed = previous.select("cluster_id", F.col("first_flagged").alias("earlier"))
    dated = clusters.where(F.col("confidence") == "low").join(listed, "cluster_id", "left")
    columns = {"first_flagged": F.coalesce("earlier", F.lit(run.day)), "run_id": F.lit(run.run_id)}
    return dated.withColumns(columns).select(*table("gold.watchlist").schema.fieldNames())
