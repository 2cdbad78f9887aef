"""Why each account of a cluster is in it: what is true of that account, beside everybody.

A reason is of the account's own values, pairs and behaviour, never of its cluster's. It names no other account, so
that it may stand in a letter to the account's owner.

| account | reason |
|---|---|
| a | Shares a payment card with 7 of the 9 other accounts (under 1% of other accounts do). |
| a | Is automated: almost no follow-up messages (43% of accounts with similar volume). |
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small
from iolaus.model.bits import MILLI, by_channel
from iolaus.model.evidence.behaviour import BEHIND, Shown
from iolaus.model.evidence.piece import of_signal, percent
from iolaus.model.pair_evidence import evidence
from iolaus.model.signals import CHANNEL, HABIT, OTHERS, SIMILAR_VOLUME, VALUES, Channel
from iolaus.model.wording import of_one, verb
from iolaus.settings import Channels, Scoring, Settings

_OTHERS = "{others}"  # stands in a sentence for how many of which others
_ROW = ("cluster_id", "account_id", "part", "bits", "text")
_MOST = 8  # reasons said of an account, the strongest
_LIFT = 2.0  # so many times more of the other members than of everybody must be like the account


def reasons(
    members: DataFrame,
    shared_values: DataFrame,
    pairs: tuple[DataFrame, ...],
    behaviour: Shown,
    owners: int,
    settings: Settings,
) -> DataFrame:
    """(cluster_id, account_id, reasons): of each member that has any, its reasons in words, strongest first.

    members: (cluster_id, account_id, account_key, owner_id, n_accounts); shared_values: `features.account_values`;
    pairs: tables of pairs that no shared value makes; behaviour: who shows which behaviour; owners: of the background.
    Of channels that are views of one fact the strongest is said. What chance would make among so many members is none.
    """
    small = broadcast_if_small(members)
    rows = _of_values(small, shared_values, owners, settings.scoring, settings.channels)
    rows = rows.unionByName(_of_pairs(small, pairs)).unionByName(_of_behaviour(small, behaviour, settings.scoring))
    best = Window.partitionBy("cluster_id", "account_id", "part").orderBy(F.desc("bits"), "text")
    said = rows.withColumn("nth", F.row_number().over(best)).where("nth = 1")
    in_order = F.array_sort(F.collect_list(F.struct((-F.col("bits")).alias("minus"), "text")))
    return said.groupBy("cluster_id", "account_id").agg(
        F.slice(F.transform(in_order, lambda r: r["text"]), 1, _MOST).alias("reasons")
    )


def _of_values(
    members: DataFrame, shared_values: DataFrame, owners: int, settings: Scoring, limits: Channels
) -> DataFrame:
    """Rows _ROW of values that a member shares with members of other owners.

    Bits: how rare the value is among all owners, as for a pair; or, where the cluster itself makes it common, how much
    more of the cluster has it than of the others, as for the cluster's evidence. At most the channel's cap.
    """
    channels = [c.name for c in VALUES if limits[c.name].enabled]
    used = shared_values.where(F.col("is_qualifying") & F.col("channel").isin(*channels))
    used = used.select("account_id", "channel", "value_hash", "n_owners", "n_qualifying_owners").join(
        members.select("cluster_id", "account_id", "owner_id", "n_accounts"), "account_id"
    )
    having = Window.partitionBy("cluster_id", "channel", "value_hash")
    own = Window.partitionBy("cluster_id", "channel", "value_hash", "owner_id")
    counted = used.withColumns(
        {
            "having": F.count(F.lit(1)).over(having),
            "own": F.count(F.lit(1)).over(own),
            "inside": F.size(F.collect_set("owner_id").over(having)),
        }
    )
    counted = counted.withColumn("partners", F.col("having") - F.col("own")).where("partners > 0")
    outside = F.greatest(F.col("n_owners") - F.col("inside"), F.lit(0)) / F.lit(float(owners))
    share = F.col("having") / F.col("n_accounts")
    rarity = F.log2(F.lit(float(owners)) / F.col("n_qualifying_owners"))
    lift = 2 * F.log2(share) - F.log2(outside + F.lit(1 / owners))
    floor, cap = (by_channel({c: getattr(limits[c], name) for c in channels}) for name in ("floor", "cap"))
    rows = counted.withColumns({"rarity": rarity, "lift": lift, "background": outside})
    rows = rows.where(((F.col("rarity") >= floor) & _beyond_chance()) | (F.col("lift") >= settings.shown))
    text = F.concat(_with_others(exact=True), F.lit(" ("), percent(F.col("background")), _do(OTHERS))
    return rows.select(
        "cluster_id",
        "account_id",
        _part(),
        F.least(F.greatest("rarity", "lift"), cap).alias("bits"),
        text.alias("text"),
    )


def _of_pairs(members: DataFrame, pairs: tuple[DataFrame, ...]) -> DataFrame:
    """Rows _ROW of measures of two accounts: subject, minutes, time of creation.

    Not all pairs are made, so a count is a lower bound. Baseline and bits are of the account's weakest pair.
    """
    a, b = (
        members.select(
            F.col("account_key").alias(side), F.col("cluster_id").alias(f"of_{side}"), F.col("account_id").alias(name)
        )
        for side, name in (("a", "account_a"), ("b", "account_b"))
    )
    inside = evidence(pairs, "channel", "bits").join(a, "a").join(b, "b").where("of_a = of_b")
    each = inside.select(
        F.col("of_a").alias("cluster_id"), "channel", "bits", F.explode(F.array("account_a", "account_b")).alias("id")
    )
    counted = each.groupBy("cluster_id", F.col("id").alias("account_id"), "channel").agg(
        F.count(F.lit(1)).alias("partners"), F.min("bits").alias("least")
    )
    sizes = members.select("account_id", "n_accounts")
    rows = counted.join(sizes, "account_id").withColumn("background", F.pow(F.lit(2.0), -F.col("least") / MILLI))
    rows = rows.where(_beyond_chance())
    chance = F.concat(F.lit(" (expected by "), F.lit(HABIT), F.lit(": "), percent(F.col("background")), F.lit(")."))
    usual = F.concat(
        F.lit(" ("),
        percent(F.col("background")),
        F.lit(" of "),
        of_signal("baseline", F.col("channel")),
        by_channel({name: f"{verb(channel.says)})." for name, channel in CHANNEL.items()}),
    )
    text = F.concat(
        _with_others(exact=False),
        F.when(of_signal("baseline", F.col("channel")) == HABIT, chance).otherwise(usual),
    )
    return rows.select("cluster_id", "account_id", _part(), (F.col("least") / MILLI).alias("bits"), text.alias("text"))


def _of_behaviour(members: DataFrame, behaviour: Shown, settings: Scoring) -> DataFrame:
    """Rows _ROW of behaviours that a member shows and at most half of the other accounts with similar volume do.

    The others are those in no cluster of `members`. Behind the rate of each volume class stands that of all volumes.
    """
    rows = behaviour.rows.join(members.select("account_id", "cluster_id"), "account_id", "left")
    others = rows.where("cluster_id is null").groupBy("channel", "volume_class")
    rate = others.agg(F.count(F.lit(1)).alias("n"), F.count(F.when(F.col("shown"), 1)).alias("k"))
    overall = rate.groupBy("channel").agg((F.sum("k") / F.sum("n")).alias("behind"))
    mine = rows.where("cluster_id is not null and shown")
    mine = mine.join(F.broadcast(rate), ["channel", "volume_class"], "left").join(
        F.broadcast(overall), "channel", "left"
    )
    filled = mine.na.fill(0, ["n", "k"]).na.fill(0.0, ["behind"])
    background = (F.col("k") + BEHIND * F.col("behind")) / (F.col("n") + BEHIND)
    held = filled.withColumn("background", background).where("background <= 0.5")
    bits = -F.log2(F.greatest(F.col("background"), F.lit(2.0**-settings.behaviour_cap)))
    text = F.concat(
        _capital(by_channel({name: of_one(says) for name, says in behaviour.says.items()})),
        F.lit(" ("),
        percent(F.col("background")),
        F.lit(f" of {SIMILAR_VOLUME})."),
    )
    return held.select(
        "cluster_id", "account_id", F.col("channel").alias("part"), bits.alias("bits"), text.alias("text")
    )


def _beyond_chance() -> Column:
    """Whether more of the other members are like the account than `background`, the share of everybody, would make."""
    return F.col("partners") >= _LIFT * (F.col("n_accounts") - 1) * F.col("background")


def _with_others(*, exact: bool) -> Column:
    """The channel's sentence of one account and those that it is like.

    `Sends from the same address as 7 of the 9 other accounts`, or `… as at least 7 of …` where not all are counted.
    """
    whole = {c.name: _sentence(c) for c in CHANNEL.values()}
    others = F.col("n_accounts") - 1
    some = F.format_string(f"{'' if exact else 'at least '}%,d of the %,d other accounts", "partners", others)
    every = F.when(others == 1, F.lit("the other account")).otherwise(F.format_string("all %,d other accounts", others))
    named = F.when(F.col("partners") >= others, every).otherwise(some)
    return _capital(F.replace(by_channel(whole), F.lit(_OTHERS), named))


def _sentence(channel: Channel) -> str:
    if channel.pooled_by:  # of a pool no account need have met all others
        pool = "a pool of accounts that take over each other's conversations or failed requests"
        return f"belongs to {pool}, with {_OTHERS}"
    says = of_one(channel.says)
    return f"{says} {'as' if 'same' in says else 'with'} {_OTHERS}"


def _do(baseline: str) -> Column:
    return F.lit(f" of {baseline} do).")


def _part() -> Column:
    """Views of one fact: the family and group of the channel."""
    channel = F.col("channel")
    return F.concat_ws(":", of_signal("family", channel), of_signal("group", channel)).alias("part")


def _capital(text: Column) -> Column:
    return F.concat(F.upper(F.substring(text, 1, 1)), F.substring(text, 2, 500))
