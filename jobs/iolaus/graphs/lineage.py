"""Cluster ids that last: today's communities take the ids of the clusters that they continue.

Overlap is containment, |A ∩ B| / min(|A|, |B|), and not Jaccard: members are banned and others take their
place, so a cluster that halves, or that doubles, is still the same operator, although its Jaccard index with
what it was is 0.5 at most. A cluster of which every account was replaced between two runs shares nothing with
its past and is born anew: accounts alone cannot tell.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from iolaus.graphs.components import materialise


def carry(previous: DataFrame, current: DataFrame, *, born_on: str, min_overlap: float = 0.3) -> DataFrame:
    """One row a community: (community string, cluster_id string, event string, parents array<string>).

    previous: (cluster_id, account_id), the clusters of the previous run. current: (community, account_id).
    An account may be in several; a repeated row counts once. born_on: the date of the run, YYYY-MM-DD.

    A previous cluster and a community are a candidate pair if their overlap (see the module) is at least
    `min_overlap`. Of all candidates the pair that shares most accounts is matched first, then of what is left,
    and so on; ties go to the greater overlap, then the smaller community, then the smaller cluster id. So a
    previous id lives on in one community at most, the one with most of its accounts, and a big cluster that
    swallows a tiny one keeps its own id, although the tiny one is contained whole.

    cluster_id: the matched id, else a new one (`_new_ids`).
    parents: the ids of all previous clusters that overlap enough, sorted.
    event: born, no parents; merged, two or more; of those with one, kept if it has the parent's id, and split
        if that went to another community.

    Joins are on accounts in clusters, once; what follows is on candidate pairs. Each round of matching takes
    all pairs that are first choice on both sides; one or two rounds are usual.
    """
    previous, current = (
        previous.select("cluster_id", "account_id").distinct(),
        current.select("community", "account_id").distinct(),
    )
    candidates, count = materialise(_candidates(previous, current, min_overlap))
    parents = candidates.groupBy("community").agg(F.array_sort(F.collect_set("cluster_id")).alias("parents"))
    smallest = current.groupBy("community").agg(F.min("account_id").alias("smallest"))
    known = (
        smallest.join(parents, "community", how="left")
        .join(_matched(candidates, count), "community", how="left")
        .select(
            "community",
            "smallest",
            "cluster_id",
            F.coalesce("parents", F.array().cast("array<string>")).alias("parents"),
        )
    )
    fresh = _new_ids(known.where(F.col("cluster_id").isNull()), previous.select("cluster_id").distinct(), born_on)
    return known.join(fresh, "community", how="left").select(
        "community",
        F.coalesce("cluster_id", "new_id").alias("cluster_id"),
        _event(F.size("parents"), F.col("cluster_id").isNotNull()).alias("event"),
        "parents",
    )


def _event(parents: Column, inherits: Column) -> Column:
    return F.when(parents == 0, "born").when(parents > 1, "merged").when(inherits, "kept").otherwise("split")


def _candidates(previous: DataFrame, current: DataFrame, min_overlap: float) -> DataFrame:
    """(cluster_id, community, shared, overlap) of pairs that overlap enough.

    Accounts in `shared`, 0 … 1 in `overlap`.
    """
    before = previous.groupBy("cluster_id").agg(F.count("account_id").alias("before"))
    after = current.groupBy("community").agg(F.count("account_id").alias("after"))
    shared = (
        previous.join(current, "account_id", how="inner")
        .groupBy("cluster_id", "community")
        .agg(F.count("account_id").alias("shared"))
    )
    return (
        shared.join(before, "cluster_id", how="inner")
        .join(after, "community", how="inner")
        .withColumn("overlap", F.col("shared") / F.least("before", "after"))
        .where(F.col("overlap") >= min_overlap)
        .select("cluster_id", "community", "shared", "overlap")
    )


def _matched(candidates: DataFrame, count: int) -> DataFrame:
    """(cluster_id, community): the greedy matching of `carry`, each id and each community at most once.

    A pair that is first for both its sides is what the greedy order would take, so all such pairs are taken at
    once. The first pair of all is always among them: each round matches at least one, and the loop ends.
    """
    order = [F.desc("shared"), F.desc("overlap"), F.asc("community"), F.asc("cluster_id")]

    def first(side: str) -> Column:
        return F.row_number().over(Window.partitionBy(side).orderBy(*order)) == 1

    left, remaining = candidates, count
    matched = candidates.select("cluster_id", "community").limit(0)
    while remaining:
        choices = left.select("cluster_id", "community", first("cluster_id").alias("x"), first("community").alias("y"))
        pairs, _ = materialise(choices.where(F.col("x") & F.col("y")).select("cluster_id", "community"))
        matched = matched.union(pairs)
        unmatched = left.join(pairs, "cluster_id", how="left_anti").join(pairs, "community", how="left_anti")
        left, remaining = materialise(unmatched)
    return matched


def _new_ids(communities: DataFrame, taken: DataFrame, born_on: str) -> DataFrame:
    """(community, new_id) for communities (community, smallest) without a successor's id; a rerun gives the same.

    "hc_" and 12 hexadecimal digits of SHA-256 of "smallest account|born_on". If that is an id of the previous
    run, or the id of another new community with a smaller name, it is 64 digits of "smallest|born_on|community":
    of another length, so it cannot meet the short ones.
    """
    birth = F.concat_ws("|", "smallest", F.lit(born_on))
    short = communities.select(
        "community", "smallest", F.concat(F.lit("hc_"), F.substring(F.sha2(birth, 256), 1, 12)).alias("short")
    )
    placed = short.withColumn("place", F.row_number().over(Window.partitionBy("short").orderBy("community")))
    marked = placed.join(
        taken.select(F.col("cluster_id").alias("short"), F.lit(True).alias("is_taken")), "short", how="left"
    )
    long = F.concat(F.lit("hc_"), F.sha2(F.concat_ws("|", birth, "community"), 256))
    is_free = F.col("is_taken").isNull() & (F.col("place") == 1)
    return marked.select("community", F.when(is_free, F.col("short")).otherwise(long).alias("new_id"))
