"""gold.suspect_clusters: the ranking that an analyst acts on."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(clusters: DataFrame, previous: DataFrame, run: Run) -> DataFrame:
    """One row a published cluster: those of high and medium confidence, with the day each was first published."""
    published = clusters.where(F.col("confidence") != "low")
    flagged = previous.select("cluster_id", F.col("first_flagged").alias("earlier"))
    dated = published.join(flagged, "cluster_id", "left").withColumn(
        "first_flagged", F.coalesce("earlier", F.lit(run.day))
    )
    return dated.withColumn("run_id", F.lit(run.run_id)).select(*table("gold.suspect_clusters").schema.fieldNames())
