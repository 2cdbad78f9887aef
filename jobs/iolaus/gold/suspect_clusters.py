"""gold.suspect_clusters: the ranking that an analyst acts on."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(clusters: DataFrame, previous: DataFrame, run: Run) -> DataFrame:
    """One row per published cluster (high and medium confidence), with the day on which it was first published.

    clusters:
    | cluster_id | confidence |
    |------------|------------|
    | hc_1       | low        |
    | hc_2       | medium     |
    | hc_3       | high       |

    previous:
    | cluster_id | first_flagged |
    |------------|---------------|
    | hc_3       | 2026-02-01    |

    result: on 2026-02-10
    | cluster_id | confidence | first_flagged |
    |------------|------------|---------------|
    | hc_2       | medium     | 2026-02-10    |
    | hc_3       | high       | 2026-02-01    |
    """
    published = clusters.where(F.col("confidence") != "low")
    flagged = previous.select("cluster_id", F.col("first_flagged").alias("earlier"))
    dated = published.join(flagged, "cluster_id", "left").withColumn(
        "first_flagged", F.coalesce("earlier", F.lit(run.day))
    )
    return dated.withColumn("run_id", F.lit(run.run_id)).select(*table("gold.suspect_clusters").schema.fieldNames())
