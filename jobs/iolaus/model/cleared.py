"""Accounts that an analyst cleared, held out of groups that nothing new ties them to.

A verdict of innocent goes with its accounts: by name, or as accounts of a cluster that was judged innocent. Whatever id
a group has today, such an account joins it only by evidence that the analyst had not seen. The exception is a group
that is still the innocent cluster: it stays together, and the verdict keeps it out of the ranking.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.model.bits import by_channel
from iolaus.model.signals import CHANNEL, CHANNELS, POOL
from iolaus.model.verdicts import in_words, of_accounts, verdicts_of
from iolaus.schemas.verdicts import INNOCENT
from iolaus.settings import Run

_GROUP = {c.name: f"{c.family} {c.group}" for c in CHANNELS}  # channels of one group are views of one fact


def cleared_members(members: DataFrame, shared_values: DataFrame, force: DataFrame, owners: int, run: Run) -> DataFrame:
    """(community, account_id, verdict_id): members who must leave, with the verdict that clears them.

    members: (community, account_id). shared_values: `features.account_values` of the run. force: see `in_force`.
    owners: of the population.

    A community that an innocent verdict still covers keeps its accounts, except those that were cleared by name.
    Accounts leave in this order: those cleared by name first, then, of communities that no innocent verdict covers
    without them, those whose cluster was cleared.

        verdict: innocent, on a cluster of a, b, c, d     community x: a, b, c, y     stays whole, on the watchlist
                                                          community z: a, v, w, y     a leaves, unless new evidence
    """
    by_name = force.where(F.size("named") > 0).select("verdict_id").distinct()
    judged = of_accounts(force).where(F.col("verdict") == INNOCENT).select("account_id", "verdict_id")
    suspects = members.join(judged, "account_id")
    fresh = _with_new_evidence(suspects, members, shared_values, force, owners, run)
    old = suspects.join(fresh, ["community", "account_id"], "left_anti").localCheckpoint()
    named = old.join(by_name, "verdict_id", "left_semi")
    left = members.join(named, ["community", "account_id"], "left_anti")
    covering = verdicts_of(left.withColumnRenamed("community", "cluster_id"), force, run)
    covered = covering.where(F.col("covers") & (F.col("verdict") == INNOCENT)).select(
        F.col("cluster_id").alias("community")
    )
    others = old.join(by_name, "verdict_id", "left_anti").join(covered, "community", "left_anti")
    return named.unionByName(others).select("community", "account_id", "verdict_id")


def _with_new_evidence(
    suspects: DataFrame, members: DataFrame, shared_values: DataFrame, force: DataFrame, owners: int, run: Run
) -> DataFrame:
    """(community, account_id): cleared accounts whom enough ties to a community that their analyst had not seen.

    A shared value is new if no two accounts of the judged cluster had it then, and the account shares it here with an
    account that was not in that cluster, or on a kind of evidence that the cluster did not show. A verdict of version
    0.1 did not record values: for it, only a kind that it did not show is new. Enough is what makes a link: so many
    bits on each of so many families (`graph.family_floor`, `graph.families`).
    """
    verdicts = force.select("verdict_id", "members", "channels", "shared_values").distinct()
    saw = verdicts.select("verdict_id", F.explode("members").alias("account_id")).distinct()
    known = verdicts.select("verdict_id", F.explode("shared_values").alias("value")).distinct()
    channels = verdicts.select(
        "verdict_id", F.col("shared_values").isNull().alias("is_old"), F.explode_outer("channels").alias("channel")
    )
    groups = channels.select("verdict_id", _group().alias("group")).where("group is not null").distinct()
    old_form = channels.where("is_old").select("verdict_id", F.lit(True).alias("is_old")).distinct()
    value = ["community", "channel", "value_hash"]
    used = members.join(
        shared_values.where("is_qualifying").select("account_id", "channel", "value_hash", "n_qualifying_owners"),
        "account_id",
    )
    holders = used.groupBy(*value).agg(F.count(F.lit(1)).alias("holders")).where("holders >= 2")
    in_view = used.join(saw, "account_id").groupBy(*value, "verdict_id").agg(F.count(F.lit(1)).alias("holders_seen"))
    rows = used.join(suspects, ["community", "account_id"]).join(holders, value)
    rows = rows.join(in_view, [*value, "verdict_id"], "left").na.fill(0, ["holders_seen"])
    rows = rows.withColumns({"group": _group(), "value": in_words(F.col("channel"), F.col("value_hash"))})
    rows = rows.join(known, ["verdict_id", "value"], "left_anti")
    rows = rows.join(groups.withColumn("shown", F.lit(True)), ["verdict_id", "group"], "left")
    rows = rows.join(old_form, "verdict_id", "left").na.fill(False, ["shown", "is_old"])
    new = rows.where(~F.col("shown") | (~F.col("is_old") & (F.col("holders") > F.col("holders_seen"))))
    bits = F.least(
        F.log2(F.lit(float(owners)) / F.greatest("n_qualifying_owners", F.lit(1))),
        by_channel({name: run.settings.channels[name].cap for name in CHANNEL}),
    )
    family = by_channel({c.name: c.family for c in CHANNELS}).alias("family")
    best = new.groupBy("community", "account_id", family, "group").agg(F.max(bits).alias("bits"))
    families = best.groupBy("community", "account_id", "family").agg(F.round(F.sum("bits"), 6).alias("bits"))
    strong = families.where(F.col("bits") >= run.settings.graph.family_floor)
    counted = strong.groupBy("community", "account_id").agg(F.count(F.lit(1)).alias("families"))
    return counted.where(F.col("families") >= run.settings.graph.families).select("community", "account_id")


def _group() -> Column:
    """The row's channel as the fact that it is a view of; null for a channel that is no shared value or measure."""
    return by_channel(_GROUP | {POOL + name: group for name, group in _GROUP.items()})
