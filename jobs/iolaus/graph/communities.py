"""graph.communities: groups of accounts that may be one operation, dense in links or users of one template."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small
from iolaus.graphs.communities import communities, dense_groups
from iolaus.graphs.components import connected_components
from iolaus.graphs.group_union import union
from iolaus.model.population import of_background, size
from iolaus.model.signals import TEMPLATES
from iolaus.model.subjects import same_subject, spoken
from iolaus.model.templates import lived_by
from iolaus.settings import Graph, Run


def transform(
    links: DataFrame,
    components: DataFrame,
    content: DataFrame,
    shared_values: DataFrame,
    profiles: DataFrame,
    population: DataFrame,
    behaviour: DataFrame,
    run: Run,
) -> DataFrame:
    """One row per account and group.

    Links find the groups whose pairs betray each other. Where no pair can (one residential line an account, accounts of
    every age), the group may still show as the users of one template, or as the accounts that continue each other's
    conversations; such a group is a hypothesis to be corroborated as a group. Groups that hold mostly the same accounts
    are joined. Where there is nothing of these, programs that ask about the same things, and are in no group of size,
    are one.

    links: one weak link between two strong pairs
    | account_a | account_b | bits  |
    |-----------|-----------|-------|
    | a         | b         | 30000 |
    | b         | c         | 9000  |
    | c         | d         | 30000 |

    components:
    | account_id | component |
    |------------|-----------|
    | a          | a         |
    | b          | a         |
    | c          | a         |
    | d          | a         |

    result:
    | community | account_id | origin |
    |-----------|------------|--------|
    | links:a   | a          | links  |
    | links:a   | b          | links  |
    | links:c   | c          | links  |
    | links:c   | d          | links  |
    """
    settings = run.settings.graph
    edges = links.where("verdict_id is null").select(
        F.col("account_a").alias("a"), F.col("account_b").alias("b"), F.col("bits").cast("long").alias("weight")
    )
    placed = edges.join(components.select(F.col("account_id").alias("a"), "component"), "a")
    dense = communities(
        placed.select("component", "a", "b", "weight"),
        resolution=settings.resolution,
        seed=settings.seed,
        reunite=settings.reunite,
    )
    from_links = dense.select(
        F.concat(F.lit("links:"), "community").alias("source"),
        F.col("id").alias("account_id"),
        F.lit("links").alias("origin"),
    )
    from_conversations = _conversation_groups(shared_values)
    from_templates = _template_groups(shared_values, profiles, from_links, size(population).owners, settings)
    unweighed = from_links.unionByName(from_conversations).withColumn("share", F.lit(None).cast("double"))
    sources = unweighed.unionByName(from_templates).localCheckpoint()
    found = union(sources, overlap=settings.template_overlap, driver_edges=settings.driver_edges).localCheckpoint()
    alike = _content_groups(content, of_background(profiles, population), behaviour, found, run)
    return found.unionByName(alike).select(F.lit(run.day).alias("run_date"), "community", "account_id", "origin")


def _conversation_groups(shared_values: DataFrame) -> DataFrame:
    """Accounts (source, account_id, origin) of each pool in which conversations go on, of three owners or more."""
    return shared_values.where("channel = 'conversation' and n_qualifying_owners >= 3").select(
        F.concat_ws(":", F.lit("conversation"), F.col("value_hash").cast("string")).alias("source"),
        "account_id",
        F.lit("conversation").alias("origin"),
    )


def _template_groups(
    shared_values: DataFrame, profiles: DataFrame, linked: DataFrame, owners: int, settings: Graph
) -> DataFrame:
    """Accounts (source, account_id, origin, share) of each template or system prompt that a group of accounts lives by.

    share: of their traffic that carries it.

    What so many use that it should be the platform's own is an operation's still where links tie most of its users to
    others.
    """
    most = max(settings.template_accounts, int(settings.template_most * owners))
    used = lived_by(shared_values, profiles, (*TEMPLATES, "system"), settings)
    tied = used.join(
        broadcast_if_small(linked.select("account_id", F.lit(1).alias("linked"))), "account_id", "left"
    ).groupBy("channel", "value_hash")
    ties = tied.agg(F.max("n_qualifying_owners").alias("most"), F.avg(F.coalesce("linked", F.lit(0))).alias("linked"))
    rare = ties.where((F.col("most") <= most) | (F.col("linked") >= settings.template_overlap)).select(
        "channel", "value_hash"
    )
    return used.join(rare, ["channel", "value_hash"]).select(
        F.concat_ws(":", F.lit("template"), "channel", F.col("value_hash").cast("string")).alias("source"),
        "account_id",
        F.lit("template").alias("origin"),
        "share",
    )


def _content_groups(
    content: DataFrame, profiles: DataFrame, behaviour: DataFrame, found: DataFrame, run: Run
) -> DataFrame:
    """(community, account_id, origin) of programs in no large group of which many pairs ask about the same subject.

    People who share an interest are many and hold conversations; programs that share one are few. Pairs of `content`
    are each account's nearest few; how many pairs of a group are of one subject is told from its vectors, so that it
    may have any size.
    """
    settings = run.settings.graph
    able = spoken(profiles, run.settings.pairs)
    cut = same_subject(able, able.count(), run.settings.pairs)
    driven = behaviour.where(~F.col("talks") & (F.col("volume") >= settings.programs_exchanges))
    programs = able.join(driven.select("account_id"), "account_id")
    members = F.count(F.lit(1)).over(Window.partitionBy("community"))
    # a few linked pairs may be of a group
    placed = found.withColumn("size", members).where(F.col("size") >= settings.template_accounts)
    alone = programs.select("account_id", "account_key", "vector").join(
        placed.select("account_id"), "account_id", "left_anti"
    )
    alone = alone.localCheckpoint()
    a, b = (alone.select(F.col("account_id").alias(side), F.col("account_key").alias(f"key_{side}")) for side in "ab")
    edges = content.select("key_a", "key_b").join(a, "key_a").join(b, "key_b").select("a", "b").localCheckpoint()
    places = connected_components(edges, driver_edges=settings.driver_edges)
    groups = dense_groups(
        edges.join(places.select(F.col("id").alias("a"), "component"), "a"),
        triangles_each=settings.content_triangles,
        density=settings.content_density,
        fewest=settings.template_accounts,
        seed=settings.seed,
        reunite=settings.reunite,
        vectors=places.join(alone.select(F.col("account_id").alias("id"), "vector"), "id"),
        threshold=1.0 if cut is None else cut.threshold,
    )
    return groups.select(
        F.concat(F.lit("content:"), "community").alias("community"),
        F.col("id").alias("account_id"),
        F.lit("content").alias("origin"),
    )
