"""graph.clusters: the members of each cluster, re-assigned by profile, under ids that last."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.algorithms import profile
from jobs.algorithms.cooccurrence import MILLI
from jobs.algorithms.lineage import carry
from jobs.settings import Run


def transform(
    communities: DataFrame, tokens: DataFrame, embeddings: DataFrame, accounts: DataFrame, previous: DataFrame, run: Run
) -> DataFrame:
    """One row a member. An account joins the group whose profile explains it best, or none.

    This removes innocents who share a proxy with a group, and finds members that no link reached.
    """
    population = embeddings.count()
    known = embeddings.join(accounts.select("account_id", "created_at", "agreement"), "account_id", "left")
    dated = known.where("agreement is null")  # licensed customers take no part
    binned = profile.bins(dated, creation_places(accounts)).localCheckpoint()
    at_large = profile.background(binned)
    shared = tokens.where("degree >= 2").localCheckpoint()  # what counts for one owner alone is typical of no group
    members = communities.select("community", "account_id")
    for _ in range(run.settings.profile.rounds):
        members = profile.assign(members, shared, binned, at_large, population, run.settings.profile).localCheckpoint()
    size = Window.partitionBy("community")
    members = members.withColumn("size", F.count(F.lit(1)).over(size)).where(F.col("size") >= run.settings.profile.fewest)
    ids = carry(previous.select("cluster_id", "account_id"), members.select("community", "account_id"), born_on=run.day.isoformat())
    origins = communities.select("community", "origin").distinct()
    rows = members.join(F.broadcast(ids), "community").join(F.broadcast(origins), "community")
    odds = F.pow(F.lit(2.0), F.col("bits") / F.lit(float(MILLI)))
    return rows.select(
        F.lit(run.day).alias("run_date"),
        "cluster_id",
        "account_id",
        F.round(odds / (1 + odds), 4).alias("membership"),
        "bits",
        *profile.FAMILIES,
        "reasons",
        "origin",
        "event",
        "parents",
    )


def creation_places(accounts: DataFrame) -> DataFrame:
    """(account_id, place): the rank of the account's hour of creation among all accounts, 0 to 1."""
    hour = (F.unix_timestamp("created_at") / 3600).cast("long")
    hours = accounts.groupBy(hour.alias("hour")).count()  # one row an hour of the platform's life
    before = hours.select("hour", (F.sum("count").over(Window.orderBy("hour")) - F.col("count") / 2).alias("before"))
    total = accounts.count()
    return (
        accounts.select("account_id", hour.alias("hour"))
        .join(F.broadcast(before), "hour")
        .select("account_id", (F.col("before") / F.lit(float(max(total, 1)))).alias("place"))
    )
