"""gold.cluster_evidence: why this cluster."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.bits import MILLI
from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(scored: DataFrame, evidence: DataFrame, run: Run) -> DataFrame:
    """One row a cluster and piece of evidence, in bits."""
    rows = evidence.join(scored.select("cluster_id"), "cluster_id").withColumn("bits", F.round(F.col("bits") / MILLI, 3))
    run_columns = {"run_date": F.lit(run.day), "run_id": F.lit(run.run_id)}
    return rows.withColumns(run_columns).select(*table("gold.cluster_evidence").schema.fieldNames())
