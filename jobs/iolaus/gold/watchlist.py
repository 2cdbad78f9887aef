"""gold.watchlist: clusters that are not published, for an analyst with time."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(clusters: DataFrame, previous: DataFrame, run: Run) -> DataFrame:
    """One row a cluster of low confidence, with the columns of `gold.suspect_clusters` and its first listing."""
    listed = previous.select("cluster_id", F.col("first_flagged").alias("earlier"))
    dated = clusters.where(F.col("confidence") == "low").join(listed, "cluster_id", "left")
    columns = {"first_flagged": F.coalesce("earlier", F.lit(run.day)), "run_id": F.lit(run.run_id)}
    return dated.withColumns(columns).select(*table("gold.watchlist").schema.fieldNames())
