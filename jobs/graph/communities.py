"""graph.communities: groups of accounts that may be one operation, dense in links or users of one wrapper."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.algorithms.behaviour import talks
from jobs.algorithms.channels import WRAPPERS
from jobs.algorithms.communities import communities, dense_groups
from jobs.algorithms.components import connected_components
from jobs.settings import Graph, Run


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
    found = _joined(from_links.unionByName(from_wrappers).localCheckpoint(), settings).localCheckpoint()
    alike = _content_groups(content, embeddings, found, settings)
    return found.unionByName(alike).select(F.lit(run.day).alias("run_date"), "community", "account_id", "origin")


def _wrapper_groups(tokens: DataFrame, embeddings: DataFrame, linked: DataFrame, settings: Graph) -> DataFrame:
    """Accounts (source, account_id, origin) of each wrapper or system prompt that a group of accounts lives by.

    What so many use that it should be an application's is an operation's still where links tie most of its users to others.
    """
    most = max(settings.wrapper_accounts, int(settings.wrapper_most * embeddings.count()))
    used = tokens.where(F.col("channel").isin(*WRAPPERS, "system") & F.col("counts") & (F.col("degree") >= settings.wrapper_accounts))
    used = used.where(F.col("degree") >= settings.wrapper_loyalty * F.col("users"))
    traffic = used.join(embeddings.select("account_id", "n_exchanges"), "account_id")
    traffic = traffic.join(linked.select("account_id", F.lit(1).alias("linked")), "account_id", "left")
    share = traffic.groupBy("channel", "token").agg(
        F.sum("n").alias("n"),
        F.sum("n_exchanges").alias("of"),
        F.max("degree").alias("degree"),
        F.avg(F.coalesce("linked", F.lit(0))).alias("linked"),
    )
    few = (F.col("degree") <= most) | (F.col("linked") >= settings.wrapper_overlap)
    lived = share.where(few & (F.col("n") >= settings.wrapper_share * F.col("of"))).select("channel", "token")
    return used.join(lived, ["channel", "token"]).select(
        F.concat_ws(":", F.lit("wrapper"), "channel", F.col("token").cast("string")).alias("source"),
        "account_id",
        F.lit("wrapper").alias("origin"),
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
    """Groups joined where most of the smaller is in the larger, each named by the first of its sources."""
    sizes = sources.groupBy("source").agg(F.count(F.lit(1)).alias("size"))
    sized = sources.join(sizes, "source").select("source", "account_id", "size")
    a, b = (sized.select("account_id", F.col("source").alias(s), F.col("size").alias(f"size_{s}")) for s in "ab")
    overlap = a.join(b, "account_id").where("a < b").groupBy("a", "b", "size_a", "size_b").agg(F.count(F.lit(1)).alias("common"))
    same = overlap.where(F.col("common") >= settings.wrapper_overlap * F.least("size_a", "size_b")).select("a", "b")
    loops = sizes.select(F.col("source").alias("a"), F.col("source").alias("b"))
    joined = connected_components(same.unionByName(loops), driver_edges=settings.driver_edges)
    rows = sources.join(joined.select(F.col("id").alias("source"), "component"), "source")
    members = rows.groupBy("component", "account_id").agg(F.collect_set("origin").alias("origins"))
    groups = members.groupBy("component").agg(
        F.count(F.lit(1)).alias("size"), F.array_sort(F.array_distinct(F.flatten(F.collect_list("origins")))).alias("all_origins")
    )
    origin = F.when(F.size("all_origins") > 1, "both").otherwise(F.element_at("all_origins", 1))
    kept = groups.where("size >= 2").select("component", origin.alias("origin"))
    return members.join(kept, "component").select(F.col("component").alias("community"), "account_id", "origin")
