"""Groups of accounts from several sources, joined where they are the same group.

A source is one way in which a group was found: links, conversations, or a template that its users live by. Sources are
rows (source string, account_id string, origin string, share double). A source's name begins with its origin and a
colon; `share` is how much of its users' traffic carries a template, null of a source that is none. One rule joins
sources, two rules say of which templates nothing follows.
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small, pair_ends, pair_number
from iolaus.graphs.components import connected_components


def union(sources: DataFrame, *, overlap: float, driver_edges: int) -> DataFrame:
    """(community, account_id, origin): sources joined by `same_group`, each group named by the first of its sources.

    A template by `reaches_over_groups` or `outdone_by_lesser` joins nothing, and is no group itself. overlap: the share
    of a smaller source that a larger one must have.
    """
    sizes = sources.groupBy("source").agg(F.count(F.lit(1)).alias("size"), F.max("share").alias("share"))
    # An account may be of dozens of sources: they are counted by numbers, once a pair, and not by their names.
    sizes = broadcast_if_small(sizes.withColumn("number", F.row_number().over(Window.orderBy("source")).cast("long")))
    numbered = sources.join(sizes.select("source", "number"), "source").select("account_id", "number").localCheckpoint()
    inside = contained(sizes, numbered, overlap).localCheckpoint()
    fragments = (
        reaches_over_groups(inside, overlap)
        .unionByName(outdone_by_lesser(inside, numbered))
        .distinct()
        .localCheckpoint()
    )
    kept = sources.join(fragments, "source", "left_anti").localCheckpoint()
    same = same_group(inside)
    for side in "ab":
        same = same.join(fragments.withColumnRenamed("source", side), side, "left_anti")
    loops = kept.select(F.col("source").alias("a"), F.col("source").alias("b")).distinct()
    joined = connected_components(same.unionByName(loops), driver_edges=driver_edges)
    return _named(kept.join(joined.select(F.col("id").alias("source"), "component"), "source"))


def contained(sizes: DataFrame, numbered: DataFrame, overlap: float) -> DataFrame:
    """Ordered pairs of sources of which `a` has at least the share `overlap` of its accounts in `b`.

    (common, and of each side: source, size, share, number). sizes: (source, size, share, number); numbered:
    (account_id, number).
    """
    a, b = (numbered.select("account_id", F.col("number").alias(f"number_{s}")) for s in "ab")
    met = (
        a.join(b, "account_id").where("number_a < number_b").groupBy(pair_number("number_a", "number_b").alias("pair"))
    )
    pairs = met.agg(F.count(F.lit(1)).alias("common")).localCheckpoint()
    one, other = pair_ends("pair")
    both = [pairs.select(x.alias("number_a"), y.alias("number_b"), "common") for x, y in ((one, other), (other, one))]
    a, b = (sizes.select(*(F.col(c).alias(f"{c}_{s}") for c in sizes.columns)) for s in "ab")
    either = both[0].unionByName(both[1]).join(a, "number_a").join(b, "number_b")
    return either.where(F.col("common") >= overlap * F.col("size_a"))


def same_group(inside: DataFrame) -> DataFrame:
    """(a, b): sources that are one group, for most of the smaller is in the larger. inside: of `contained`."""
    return inside.where(F.col("size_a") <= F.col("size_b")).select(
        F.col("source_a").alias("a"), F.col("source_b").alias("b")
    )


def reaches_over_groups(inside: DataFrame, overlap: float) -> DataFrame:
    """(source): templates that two groups of links use, each of which lives by a template of its own.

    A text fragment of several operators.
    """
    of_links = F.col("source_b").startswith("links:")
    own = inside.where(F.col("share_a").isNotNull() & of_links).where(F.col("common") >= overlap * F.col("size_b"))
    wide = inside.where(2 * F.col("share_a") >= F.col("share_b")).select("source_a", "source_b")
    reaching = wide.join(own.select("source_a", F.col("source_b").alias("links")), "source_a").groupBy("source_b")
    return (
        reaching.agg(F.countDistinct("links").alias("groups"))
        .where("groups >= 2")
        .select(F.col("source_b").alias("source"))
    )


def outdone_by_lesser(inside: DataFrame, numbered: DataFrame) -> DataFrame:
    """(source): templates half of whose users live by others that carry twice as much of their traffic.

    A text fragment of what is asked.

    Those others are hardly met beyond its users. So do people share a text fragment, and those who relay their
    requests.
    """
    lesser = broadcast_if_small(
        inside.where(F.col("share_a") >= 2 * F.col("share_b")).select("number_a", "number_b", "source_b", "size_b")
    )
    live = numbered.withColumnRenamed("number", "number_a").join(lesser, "number_a").drop("number_a").distinct()
    users = live.join(numbered.withColumnRenamed("number", "number_b"), ["number_b", "account_id"]).groupBy(
        "source_b", "size_b"
    )
    lived = users.agg(F.count(F.lit(1)).alias("n")).where(2 * F.col("n") >= F.col("size_b"))
    return lived.select(F.col("source_b").alias("source"))


def _named(rows: DataFrame) -> DataFrame:
    """(community, account_id, origin) of components of two accounts and more.

    origin: `both`, where sources of two kinds met.
    """
    members = rows.groupBy("component", "account_id").agg(F.collect_set("origin").alias("origins"))
    groups = members.groupBy("component").agg(
        F.count(F.lit(1)).alias("size"),
        F.array_sort(F.array_distinct(F.flatten(F.collect_list("origins")))).alias("all_origins"),
    )
    origin = F.when(F.size("all_origins") > 1, "both").otherwise(F.element_at("all_origins", 1))
    kept = groups.where("size >= 2").select("component", origin.alias("origin"))
    return members.join(kept, "component").select(F.col("component").alias("community"), "account_id", "origin")
