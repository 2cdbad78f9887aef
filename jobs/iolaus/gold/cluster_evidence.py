"""gold.cluster_evidence: why this cluster."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.bits import MILLI
from iolaus.schemas.table import table
from iolaus.settings import Run

JUDGEMENT = "judgement"  # the kind of a fact by which hypotheses were weighed, and what its channel begins with


def transform(scored: DataFrame, evidence: DataFrame, judgement: DataFrame, run: Run) -> DataFrame:
    """One row per cluster and piece of evidence, in bits, and one per fact by which it was judged.

    The bits of a cluster's rows of kind `judgement` add up to its `margin_bits`.

    scored:
    | cluster_id |
    |------------|
    | hc_1       |

    evidence: bits are thousandths
    | cluster_id | channel | kind         | part | bits |
    |------------|---------|--------------|------|------|
    | hc_1       | card    | coordination | card | 9500 |

    judgement:
    | cluster_id | fact     | family  | bits |
    |------------|----------|---------|------|
    | hc_1       | prior    | prior   | -1.0 |
    | hc_1       | source   | content | 3.5  |

    result: the margin is 2.5 bits
    | cluster_id | channel          | kind         | part    | bits |
    |------------|------------------|--------------|---------|------|
    | hc_1       | card             | coordination | card    | 9.5  |
    | hc_1       | judgement:prior  | judgement    | prior   | -1.0 |
    | hc_1       | judgement:source | judgement    | content | 3.5  |
    """
    listed = scored.select("cluster_id")
    pieces = evidence.join(listed, "cluster_id").withColumn("bits", F.round(F.col("bits") / MILLI, 3))
    pieces = pieces.withColumn("log_likelihoods", F.lit(None).cast("map<string,double>"))
    facts = judgement.join(listed, "cluster_id").select(
        "cluster_id",
        F.concat(F.lit(f"{JUDGEMENT}:"), "fact").alias("channel"),
        F.lit(JUDGEMENT).alias("kind"),
        F.col("family").alias("part"),
        "bits",
        F.lit(0).alias("support"),
        F.coalesce("value", F.lit(0.0)).alias("value"),
        F.lit(None).cast("double").alias("background"),
        "description",
        F.lit(None).cast("string").alias("fit"),
        F.lit(None).cast("map<string,double>").alias("taken"),
        "log_likelihoods",
    )
    rows = pieces.select(*facts.columns).unionByName(facts)
    run_columns = {"run_date": F.lit(run.day), "run_id": F.lit(run.run_id)}
    return rows.withColumns(run_columns).select(*table("gold.cluster_evidence").schema.fieldNames())
