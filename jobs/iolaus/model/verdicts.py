"""What analysts decided, as a run of a date knows it: which verdict is in force, and what it is about.

A verdict is about a whole cluster or about named accounts. The latest on the same cluster, or on the same account, is
in force. An account's own goes before its cluster's. A verdict is about the accounts that its analyst saw, not about an
id: a cluster whose accounts are mostly others is not what was judged innocent, whatever its id.

Every function takes verdicts as `verdicts.given` has them, or as `in_force` returns them: one row per verdict, so few.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from iolaus.model.bits import by_channel
from iolaus.model.signals import CHANNEL, VALUE_FAMILIES
from iolaus.schemas.verdicts import (
    HAS_JOINED,
    HAS_LEFT,
    INNOCENT,
    NEW_EVIDENCE,
    OTHER_EXCHANGES,
    OTHER_SCORE,
    SCORE_STEP,
)
from iolaus.settings import Run, Settings


def in_force(given: DataFrame, run: Run) -> DataFrame:
    """The verdicts known on the run's date that no later one supersedes, with `account_id`, null for a cluster's.

    A verdict that names several accounts gives a row for each of them for which it is the latest.
    """
    known = given.where(F.col("known_from") <= F.lit(run.day))
    each = known.select("*", F.explode_outer("named").alias("account_id"))
    # An account is judged once, whatever cluster it was seen in; a cluster, by its id.
    subject = F.struct(F.col("account_id"), F.when(F.col("account_id").isNull(), F.col("cluster_id")).alias("cluster"))
    latest = Window.partitionBy(subject).orderBy(F.desc("given_at"), F.desc("verdict_id"))
    return each.withColumn("nth", F.row_number().over(latest)).where("nth = 1").drop("nth").localCheckpoint()


def of_accounts(force: DataFrame) -> DataFrame:
    """One row per account under any verdict: its own or its cluster's latest.

    (account_id, verdict, verdict_id, cluster_id, verdict_by, verdict_on, verdict_why).
    """
    fields = ("verdict", "verdict_id", "cluster_id", "given_at", "given_by", "why")
    own = force.where("account_id is not null").select("account_id", F.lit(1).alias("own"), *fields)
    whole = force.where("account_id is null").select(
        F.explode("members").alias("account_id"), F.lit(0).alias("own"), *fields
    )
    first = Window.partitionBy("account_id").orderBy(F.desc("own"), F.desc("given_at"), F.desc("verdict_id"))
    rows = own.unionByName(whole).withColumn("nth", F.row_number().over(first)).where("nth = 1")
    return rows.select(
        "account_id",
        "verdict",
        "verdict_id",
        "cluster_id",
        F.col("given_by").alias("verdict_by"),
        F.to_date("given_at").alias("verdict_on"),
        F.col("why").alias("verdict_why"),
    )


def in_words(channel: Column, value_hash: Column) -> Column:
    """A shared value as `verdicts.given` writes it down, channel:value_hash."""
    return F.concat_ws(":", channel, value_hash.cast("string"))


def cleared_pairs(pairs: DataFrame, force: DataFrame) -> DataFrame:
    """(account_a, account_b, verdict_id): pairs that one verdict saw together and clears at least in part."""
    seen = (
        force.where(F.col("verdict") == INNOCENT)
        .select("verdict_id", F.explode("members").alias("account_id"))
        .distinct()
    )
    cleared = (
        of_accounts(force)
        .where(F.col("verdict") == INNOCENT)
        .select("verdict_id", "account_id", F.lit(True).alias("cleared"))
    )
    both = seen.join(cleared, ["verdict_id", "account_id"], "left").na.fill(False, ["cleared"])
    a, b = (
        both.select("verdict_id", *(F.col(c).alias(f"{c[:7]}_{s}") for c in ("account_id", "cleared"))) for s in "ab"
    )
    met = pairs.select("account_a", "account_b").join(a, "account_a").join(b, ["account_b", "verdict_id"])
    return (
        met.where("cleared_a or cleared_b")
        .groupBy("account_a", "account_b")
        .agg(F.min("verdict_id").alias("verdict_id"))
    )


def verdicts_of(clusters: DataFrame, force: DataFrame, run: Run) -> DataFrame:
    """One row per cluster that a verdict is about, with the verdict, `size`, `common` and `covers`.

    clusters: (cluster_id, account_id). A verdict is about a cluster if most of its accounts are among those on which it
    was given (`covers`), or if the cluster still has its id. Of several, the one with most accounts in common is taken,
    then the latest.
    """
    whole = force.where("account_id is null").drop("account_id").withColumnRenamed("cluster_id", "judged_id")
    near = _overlaps(
        whole.select("verdict_id", "members"),
        clusters.select(F.col("cluster_id").alias("group"), "account_id"),
        "group",
    )
    rows = near.join(whole, "verdict_id").withColumn(
        "covers", F.col("common") >= run.settings.scoring.verdict_share * F.col("size")
    )
    order = Window.partitionBy("group").orderBy(F.desc("common"), F.desc("given_at"), F.desc("verdict_id"))
    best = rows.where(F.col("covers") | (F.col("group") == F.col("judged_id"))).withColumn(
        "nth", F.row_number().over(order)
    )
    return best.where("nth = 1").drop("nth").withColumnRenamed("group", "cluster_id")


def _overlaps(verdicts: DataFrame, groups: DataFrame, group: str) -> DataFrame:
    """(group, verdict_id, common, size).

    Accounts that groups (group, account_id) have in common with those of verdicts (verdict_id, members).
    """
    sizes = groups.groupBy(group).agg(F.count(F.lit(1)).alias("size"))
    seen = verdicts.select("verdict_id", F.explode("members").alias("account_id"))
    common = (
        groups.join(seen, "account_id").groupBy(group, "verdict_id").agg(F.count_distinct("account_id").alias("common"))
    )
    return common.join(sizes, group)


def successors(
    members: DataFrame,
    ids: DataFrame,
    seeds: DataFrame,
    shared_values: DataFrame,
    profiles: DataFrame,
    accounts: DataFrame,
    owners: int,
    settings: Settings,
) -> DataFrame:
    """(community, successor_of): groups that took over from a confirmed cluster whose accounts were banned.

    members: (community, account_id); ids: (community, cluster_id, event); seeds: (cluster_id, account_id), the accounts
    of confirmed clusters; owners: of the population. A group that no cluster of the run before lives on in is a
    successor if most of its accounts were first used after the first ban, and what many of them share with the
    confirmed accounts gives `scoring.successor` bits, the best value of each family of evidence added up.
    """
    bans = (
        seeds.join(accounts.select("account_id", "banned_at"), "account_id")
        .groupBy("cluster_id")
        .agg(F.min("banned_at").alias("since"))
    )
    began = profiles.select("account_id", F.col("first_at").alias("began"))
    fresh = members.join(ids.where(F.col("event").isin("born", "split")).select("community"), "community").join(
        began, "account_id"
    )
    sizes = fresh.groupBy("community").agg(F.count(F.lit(1)).alias("size"))
    timed = fresh.join(F.broadcast(bans.where("since is not null")), F.col("began") > F.col("since"))
    later = timed.groupBy("community", "cluster_id").agg(F.count(F.lit(1)).alias("later")).join(sizes, "community")
    later = later.where(F.col("later") >= settings.scoring.verdict_share * F.col("size"))
    used = shared_values.where(
        F.col("is_qualifying") & F.col("channel").isin(*(c for family in VALUE_FAMILIES.values() for c in family))
    )
    value = ("channel", "value_hash")
    had = used.join(seeds, "account_id").groupBy("cluster_id", *value).agg(F.count(F.lit(1)).alias("had"))
    having = used.join(fresh.select("community", "account_id"), "account_id").groupBy("community", *value)
    rows = having.agg(F.count(F.lit(1)).alias("having"), F.max("n_owners").alias("n_owners")).join(had, list(value))
    rows = rows.join(later, ["community", "cluster_id"]).where(
        F.col("having") >= settings.scoring.typical_share * F.col("size")
    )
    share, others = (
        F.col("having") / F.col("size"),
        F.greatest(F.col("n_owners") - F.col("having") - F.col("had"), F.lit(0)) + 1,
    )
    bits = F.least(
        F.log2(share * F.lit(float(owners)) / others),
        by_channel({name: settings.channels[name].cap for name in CHANNEL}),
    )
    families = rows.groupBy(
        "community", "cluster_id", by_channel({c.name: c.family for c in CHANNEL.values()}).alias("family")
    )
    sums = (
        families.agg(F.max(bits).alias("bits"))
        .groupBy("community", "cluster_id")
        .agg(F.round(F.sum("bits"), 6).alias("bits"))
    )
    best = Window.partitionBy("community").orderBy(F.desc("bits"), "cluster_id")
    found = (
        sums.where(F.col("bits") >= settings.scoring.successor)
        .withColumn("nth", F.row_number().over(best))
        .where("nth = 1")
    )
    return found.select("community", F.col("cluster_id").alias("successor_of"))


def changes() -> Column:
    """What differs now, in words, for rows of `verdicts_of` with `score_now`, `n_exchanges_now` and `channels_now`."""
    joined, then = F.col("size") - F.col("common"), F.size("members")
    new = F.array_sort(F.array_except(F.coalesce("channels_now", F.array().cast("array<string>")), "channels"))
    told = F.array(
        F.when(joined > 0, F.format_string(HAS_JOINED, _count(joined), _count("size"))),
        F.when(
            then > F.col("common"),
            F.format_string(HAS_LEFT, _count(then - F.col("common")), _count(then)),
        ),
        F.when(
            F.abs(F.col("score_now") - F.col("score")) >= SCORE_STEP,
            F.format_string(OTHER_SCORE, "score", "score_now"),
        ),
        F.when(
            F.col("n_exchanges_now") != F.col("n_exchanges"),
            F.format_string(OTHER_EXCHANGES, _count("n_exchanges"), _count("n_exchanges_now")),
        ),
        F.when(F.size(new) > 0, F.concat(F.lit(NEW_EVIDENCE), F.array_join(new, ", "))),
    )
    return F.array_compact(told)


def _count(number: Column | str) -> Column:
    """A whole number in words: 19,200."""
    return F.format_number(number, 0)
