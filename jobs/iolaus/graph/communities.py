"""graph.communities: groups of accounts that may be one operation, dense in links or users of one wrapper."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.engine.broadcast import ends, few, pair
from iolaus.graphs.communities import communities, dense_groups
from iolaus.graphs.components import connected_components
from iolaus.model.behaviour import talks
from iolaus.model.signals import WRAPPERS
from iolaus.model.templates import lived_by
from iolaus.settings import Graph, Run


def transform(links: DataFrame, components: DataFrame, content: DataFrame, tokens: DataFrame, embeddings: DataFrame, run: Run) -> DataFrame:
    """One row an account and group.

    Links find the groups whose pairs betray each other. Where no pair can (one residential line an
    account, accounts of every age), the group may still show as the users of one wrapper; such a group is
    a hypothesis to be corroborated as a group. Groups that hold mostly the same accounts are joined. Where
    there is no wrapper either, programs that ask about the same things, and are in no group of size, are one.
    """
    settings = run.settings.graph
    edges = links.where("verdict_id is null").select(
        F.col("account_a").alias("a"), F.col("account_b").alias("b"), F.col("bits").cast("long").alias("weight")
    )
    placed = edges.join(components.select(F.col("account_id").alias("a"), "component"), "a")
    dense = communities(
        placed.select("component", "a", "b", "weight"), resolution=settings.resolution, seed=settings.seed, reunite=settings.reunite
    )
    from_links = dense.select(
        F.concat(F.lit("links:"), "community").alias("source"), F.col("id").alias("account_id"), F.lit("links").alias("origin")
    )
    from_wrappers = _wrapper_groups(tokens, embeddings, from_links, settings)
    sources = from_links.withColumn("share", F.lit(None).cast("double")).unionByName(from_wrappers).localCheckpoint()
    found = _joined(sources, settings).localCheckpoint()
    alike = _content_groups(content, embeddings, found, settings)
    return found.unionByName(alike).select(F.lit(run.day).alias("run_date"), "community", "account_id", "origin")


def _wrapper_groups(tokens: DataFrame, embeddings: DataFrame, linked: DataFrame, settings: Graph) -> DataFrame:
    """Accounts (source, account_id, origin, share) of each wrapper or system prompt that a group of accounts lives by.

    share: of their traffic that carries it.

    What so many use that it should be the platform's own is an operation's still where links tie most of its users to others.
    """
    most = max(settings.wrapper_accounts, int(settings.wrapper_most * embeddings.count()))
    used = lived_by(tokens, embeddings, (*WRAPPERS, "system"), settings)
    tied = used.join(few(linked.select("account_id", F.lit(1).alias("linked"))), "account_id", "left").groupBy("channel", "token")
    ties = tied.agg(F.max("degree").alias("most"), F.avg(F.coalesce("linked", F.lit(0))).alias("linked"))
    rare = ties.where((F.col("most") <= most) | (F.col("linked") >= settings.wrapper_overlap)).select("channel", "token")
    return used.join(rare, ["channel", "token"]).select(
        F.concat_ws(":", F.lit("wrapper"), "channel", F.col("token").cast("string")).alias("source"),
        "account_id",
        F.lit("wrapper").alias("origin"),
        "share",
    )


def _content_groups(content: DataFrame, embeddings: DataFrame, found: DataFrame, settings: Graph) -> DataFrame:
    """(community, account_id, origin) of programs in no large group that are dense in pairs of like content.

    People who share an interest are many and hold conversations; programs that share one are few.
    """
    programs = embeddings.where(~talks(settings) & (F.col("n_exchanges") >= settings.programs_exchanges))
    size = F.count(F.lit(1)).over(Window.partitionBy("community"))
    placed = found.withColumn("size", size).where(F.col("size") >= settings.wrapper_accounts)  # a few linked pairs may be of a group
    alone = programs.select("account_id").join(placed.select("account_id"), "account_id", "left_anti").localCheckpoint()
    a, b = (alone.select(F.col("account_id").alias(side)) for side in "ab")
    edges = content.select(F.col("account_a").alias("a"), F.col("account_b").alias("b")).join(a, "a").join(b, "b").localCheckpoint()
    places = connected_components(edges, driver_edges=settings.driver_edges)
    placed = edges.join(places.select(F.col("id").alias("a"), "component"), "a")
    groups = dense_groups(
        placed,
        triangles_each=settings.content_triangles,
        density=settings.content_density,
        fewest=settings.wrapper_accounts,
        seed=settings.seed,
        reunite=settings.reunite,
    )
    return groups.select(
        F.concat(F.lit("content:"), "community").alias("community"), F.col("id").alias("account_id"), F.lit("content").alias("origin")
    )


def _joined(sources: DataFrame, settings: Graph) -> DataFrame:
    """Groups joined where most of the smaller is in the larger, each named by the first of its sources; a phrase joins nothing."""
    sizes = sources.groupBy("source").agg(F.count(F.lit(1)).alias("size"), F.max("share").alias("share"))
    # An account may be of dozens of sources: they are counted by numbers, once a pair, and not by their names.
    sizes = few(sizes.withColumn("number", F.row_number().over(Window.orderBy("source")).cast("long")))
    numbered = sources.join(sizes.select("source", "number"), "source").select("account_id", "number").localCheckpoint()
    a, b = (numbered.select("account_id", F.col("number").alias(f"number_{s}")) for s in "ab")
    met = a.join(b, "account_id").where("number_a < number_b").groupBy(pair("number_a", "number_b").alias("pair"))
    pairs = met.agg(F.count(F.lit(1)).alias("common")).localCheckpoint()
    one, other = ends("pair")
    both = [pairs.select(x.alias("number_a"), y.alias("number_b"), "common") for x, y in ((one, other), (other, one))]
    a, b = (sizes.select(*(F.col(c).alias(f"{c}_{s}") for c in sizes.columns)) for s in "ab")
    overlap = both[0].unionByName(both[1]).join(a, "number_a").join(b, "number_b")
    inside = overlap.where(F.col("common") >= settings.wrapper_overlap * F.col("size_a")).localCheckpoint()
    phrases = _phrases(inside, numbered, settings)
    kept = sources.join(phrases, "source", "left_anti").localCheckpoint()
    same = inside.where(F.col("size_a") <= F.col("size_b")).select(F.col("source_a").alias("a"), F.col("source_b").alias("b"))
    for side in "ab":
        same = same.join(phrases.withColumnRenamed("source", side), side, "left_anti")
    loops = kept.select(F.col("source").alias("a"), F.col("source").alias("b")).distinct()
    joined = connected_components(same.unionByName(loops), driver_edges=settings.driver_edges)
    rows = kept.join(joined.select(F.col("id").alias("source"), "component"), "source")
    members = rows.groupBy("component", "account_id").agg(F.collect_set("origin").alias("origins"))
    groups = members.groupBy("component").agg(
        F.count(F.lit(1)).alias("size"), F.array_sort(F.array_distinct(F.flatten(F.collect_list("origins")))).alias("all_origins")
    )
    origin = F.when(F.size("all_origins") > 1, "both").otherwise(F.element_at("all_origins", 1))
    kept = groups.where("size >= 2").select("component", origin.alias("origin"))
    return members.join(kept, "component").select(F.col("component").alias("community"), "account_id", "origin")


def _phrases(inside: DataFrame, numbered: DataFrame, settings: Graph) -> DataFrame:
    """(source) of wrappers that are phrases of what is asked, by whomever: people, those who relay them, several operators.

    Such reaches over two groups of links, each of which lives by a wrapper of its own; or half of its users live by wrappers
    that carry twice as much of their traffic, and are hardly met beyond its users.
    inside: pairs of sources, `a` of which lies in `b` for the most part; numbered: (account_id, number) of each source's accounts.
    """
    own = inside.where("share_a is not null and share_b is null").where(F.col("common") >= settings.wrapper_overlap * F.col("size_b"))
    wide = inside.where(2 * F.col("share_a") >= F.col("share_b")).select("source_a", "source_b")
    reaching = wide.join(own.select("source_a", F.col("source_b").alias("links")), "source_a").groupBy("source_b")
    several = reaching.agg(F.countDistinct("links").alias("groups")).where("groups >= 2").select(F.col("source_b").alias("source"))
    lesser = few(inside.where(F.col("share_a") >= 2 * F.col("share_b")).select("number_a", "number_b", "source_b", "size_b"))
    live = numbered.withColumnRenamed("number", "number_a").join(lesser, "number_a").drop("number_a").distinct()
    users = live.join(numbered.withColumnRenamed("number", "number_b"), ["number_b", "account_id"]).groupBy("source_b", "size_b")
    lived = users.agg(F.count(F.lit(1)).alias("n")).where(2 * F.col("n") >= F.col("size_b")).select(F.col("source_b").alias("source"))
    return several.unionByName(lived).distinct().localCheckpoint()
