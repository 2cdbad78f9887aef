"""graph.components: accounts that links join, directly or not."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.graphs.components import connected_components
from iolaus.settings import Run


def transform(links: DataFrame, run: Run) -> DataFrame:
    """One row per account that has a link which counts, from `graph.links`.

    links: an analyst judged c and d innocent
    | account_a | account_b | verdict_id |
    |-----------|-----------|------------|
    | a         | b         |            |
    | b         | c         |            |
    | c         | d         | v1         |
    | x         | y         |            |

    result:
    | account_id | component |
    |------------|-----------|
    | a          | a         |
    | b          | a         |
    | c          | a         |
    | x          | x         |
    | y          | x         |
    """
    edges = links.where("verdict_id is null").select(F.col("account_a").alias("a"), F.col("account_b").alias("b"))
    found = connected_components(edges, driver_edges=run.settings.graph.driver_edges)
    return found.select(F.lit(run.day).alias("run_date"), F.col("id").alias("account_id"), "component")
