"""gold.cluster_links: why these two accounts."""

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small
from iolaus.model.account_keys import by_keys
from iolaus.model.bits import MILLI
from iolaus.model.pair_evidence import evidence
from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(
    scored: DataFrame,
    clusters: DataFrame,
    links: DataFrame,
    infrastructure: DataFrame,
    templates: DataFrame,
    content: DataFrame,
    synchrony: DataFrame,
    cohort: DataFrame,
    population: DataFrame,
    run: Run,
) -> DataFrame:
    """One row per pair of members and channel.

    Each account keeps its strongest pairs, so the table grows with accounts. Links come first, by their bits. All pairs
    are searched only for members with too few links. A large cluster has millions of pairs, and nearly all its members
    have links enough.

    scored:
    | cluster_id | confidence |
    |------------|------------|
    | hc_1       | high       |

    clusters:
    | cluster_id | account_id |
    |------------|------------|
    | hc_1       | a          |
    | hc_1       | b          |

    templates: c is no member
    | key_a | key_b | channel | sharers | support | bits | similarity |
    |-------|-------|---------|---------|---------|------|------------|
    | 1     | 2     | head8   | 16      | 1       | 4737 | 1.0        |
    | 1     | 3     | head8   | 16      | 1       | 4737 | 1.0        |

    population:
    | account_id | account_key |
    |------------|-------------|
    | a          | 1           |
    | b          | 2           |
    | c          | 3           |

    result:
    | cluster_id | account_a | account_b | channel | sharers | bits  |
    |------------|-----------|-----------|---------|---------|-------|
    | hc_1       | a         | b         | head8   | 16      | 4.737 |
    """
    published = scored.where(F.col("confidence") != "low").select("cluster_id")
    keyed = population.select("account_id", "account_key")
    members = broadcast_if_small(
        clusters.join(published, "cluster_id")
        .join(keyed, "account_id")
        .select("cluster_id", "account_id", "account_key")
    )
    tables, shown = (infrastructure, templates, content, synchrony, cohort), run.settings.scoring.links_shown
    linked = (
        _inside(by_keys(links.where("verdict_id is null"), "bits"), members)
        .select("a", "b", "bits", F.lit(1).alias("link"))
        .localCheckpoint()
    )
    have = _by_end(linked).groupBy("end").agg(F.count(F.lit(1)).alias("n")).where(F.col("n") >= shown)
    short = broadcast_if_small(
        members.join(have, members["account_key"] == have["end"], "left_anti").select("account_key")
    )
    others = (
        _inside(_touching(evidence(tables, "bits"), short), members).groupBy("a", "b").agg(F.sum("bits").alias("bits"))
    )
    others = others.join(linked, ["a", "b"], "left_anti").select("a", "b", "bits", F.lit(0).alias("link"))
    best = Window.partitionBy("end").orderBy(F.desc("link"), F.desc("bits"), "a", "b")
    ranked = _by_end(linked.unionByName(others)).withColumn("nth", F.row_number().over(best))
    # A pair may be among the strongest of both of its ends.
    kept = broadcast_if_small(ranked.where(F.col("nth") <= shown).select("a", "b").distinct())
    rows = evidence(tables, "channel", "bits", "sharers", "support", "similarity").join(kept, ["a", "b"])
    one = members.select("cluster_id", F.col("account_id").alias("account_a"), F.col("account_key").alias("a"))
    other = members.select(F.col("account_id").alias("account_b"), F.col("account_key").alias("b"))
    rows = rows.join(one, "a").join(other, "b")
    rows = rows.withColumn("bits", F.round(F.col("bits") / MILLI, 3))
    run_columns = {"run_date": F.lit(run.day), "run_id": F.lit(run.run_id)}
    return rows.withColumns(run_columns).select(*table("gold.cluster_links").schema.fieldNames())


def _inside(pairs: DataFrame, members: DataFrame) -> DataFrame:
    """The pairs of `pairs` (by keys) whose accounts are of one cluster."""
    a, b = (members.select(F.col("account_key").alias(side), F.col("cluster_id").alias(f"of_{side}")) for side in "ab")
    return pairs.join(a, "a").join(b, "b").where("of_a = of_b")


def _touching(pairs: DataFrame, accounts: DataFrame) -> DataFrame:
    """The pairs in `pairs` (by keys) with at least one account in `accounts` (account_key)."""
    sides = [accounts.select(F.col("account_key").alias(side), F.lit(True).alias(f"is_{side}")) for side in "ab"]
    return reduce(lambda frame, side: frame.join(side, side.columns[0], "left"), sides, pairs).where("is_a or is_b")


def _by_end(pairs: DataFrame) -> DataFrame:
    """Each pair twice, once for each `end`."""
    return pairs.withColumn("end", F.explode(F.array("a", "b")))
