"""Groups that are one operation, of which different pairs betrayed each other."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.graphs.components import connected_components


def one_group(members: DataFrame, *, share: float, driver_edges: int) -> DataFrame:
    """(community, name): each group, and the name that it shares with those that are one with it.

    Accounts of one operation that were made in several batches are found as several groups. Two groups are one if most
    members of either share as much with the other as with their own, in what they ask and send from. members: rows of
    `judge.assign`; share: most.

    | members of | who share as much with | name |
    |------------|------------------------|------|
    | a: 9       | b: 8                   | a    |
    | b: 9       | a: 7                   | a    |
    | c: 9       | a: 9 (a with c: 1)     | c    |
    """
    sizes = members.groupBy("community").agg(F.count(F.lit(1)).alias("size"))
    shared = members.select("community", F.explode("rivals").alias("rival")).groupBy("community", "rival").count()
    most = shared.join(F.broadcast(sizes), "community").where(F.col("count") >= share * F.col("size")).localCheckpoint()
    back = most.select(F.col("community").alias("rival"), F.col("rival").alias("community"))
    edges = most.join(back, ["community", "rival"]).select(F.col("community").alias("a"), F.col("rival").alias("b"))
    loops = sizes.select(F.col("community").alias("a"), F.col("community").alias("b"))
    named = connected_components(edges.unionByName(loops), driver_edges=driver_edges)
    return named.select(F.col("id").alias("community"), F.col("component").alias("name"))


def renamed(rows: DataFrame, names: DataFrame) -> DataFrame:
    """Rows with a column `community`, by the names of `one_group`; a group without one keeps its own."""
    found = rows.join(F.broadcast(names), "community", "left")
    return found.withColumn("community", F.coalesce("name", "community")).drop("name")
