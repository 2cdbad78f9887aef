"""scoring.evidence: what speaks for a cluster, each piece against the background of the same data."""

from collections.abc import Iterable, Iterator
from functools import reduce

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from iolaus.joins.cosine.join import background, sampled
from iolaus.model.behaviour import CLAIMS, Claim, measures
from iolaus.model.explanations import OWN_TEXT, WHOLE_SET, explanations
from iolaus.model.lockstep import lockstep
from iolaus.model.release_adoption import Release, moved, releases
from iolaus.model.shared_values import MILLI, by_channel
from iolaus.model.signals import CHANNEL, POOL, TOKEN_FAMILIES, WRAPPERS
from iolaus.model.templates import lived_by
from iolaus.model.timing import poisson_bits
from iolaus.schemas.table import table
from iolaus.settings import Run, Scoring

DIVIDED = "divided"  # labour without a wrapper
_PAIRED = 1_000  # members of a cluster whose pairs are compared
_POOLED = ("card", "address", "block", "prompt")


def transform(clusters: DataFrame, tokens: DataFrame, embeddings: DataFrame, accounts: DataFrame, models: DataFrame, run: Run) -> DataFrame:
    """One row a cluster and channel with any evidence, and one for each innocent explanation that was considered."""
    settings, population = run.settings.scoring, embeddings.count()
    members = clusters.select("cluster_id", "account_id")
    sizes = members.groupBy("cluster_id").agg(F.count(F.lit(1)).alias("size"))
    profiles = embeddings.join(accounts.drop("run_date", "key_id"), "account_id", "left")
    together = _lockstep(members, embeddings, settings).localCheckpoint()  # a row a cluster at most
    in_step = together.where(F.col("bits") >= int(settings.shown * MILLI)).select("cluster_id")
    innocent = explanations(clusters, sizes, tokens, profiles, in_step, population, run).localCheckpoint()
    pieces = (
        together,
        _identity(members, sizes, tokens, population, settings),
        _pool(members, sizes, tokens, population, settings),
        _behaviour(members, _with_plans(_with_labour(profiles, embeddings, tokens, run)), models, run),
        _succession(members, profiles, settings),
        *_subject(members, embeddings, run),
    )
    fits = innocent.where("explains").groupBy("cluster_id").agg(F.collect_set("channel").alias("fits"))
    union = reduce(DataFrame.unionByName, pieces).join(fits, "cluster_id", "left").join(sizes, "cluster_id")
    content = (POOL + "prompt", *(c.name for c in CHANNEL.values() if c.family == "content"))
    same_prompts, idioms = ((F.col("kind") == "coordination") & F.col("channel").isin(*names) for names in (content, WRAPPERS))
    explained = ((F.col("kind") == "labour") & (F.size("fits") > 0)) | (same_prompts & F.array_contains("fits", WHOLE_SET))
    trade = (F.col("channel") == "content") & (F.col("size") < settings.subject_accounts)  # a few strangers of one trade
    explained |= (idioms | trade) & F.array_contains("fits", OWN_TEXT)
    union = union.where(~F.coalesce(explained, F.lit(False))).drop("fits", "size")
    rows = union.unionByName(innocent.drop("explains"))
    return rows.select(F.lit(run.day).alias("run_date"), *(f for f in table("scoring.evidence").schema.fieldNames() if f != "run_date"))


def _identity(members: DataFrame, sizes: DataFrame, tokens: DataFrame, population: int, settings: Scoring) -> DataFrame:
    """The one thing of each channel that most members have, however they are paired."""
    used = tokens.where(F.col("counts") & F.col("channel").isin(*(c for f in TOKEN_FAMILIES.values() for c in f)))
    having = (
        used.join(members, "account_id")
        .groupBy("cluster_id", "channel", "token")
        .agg(F.count(F.lit(1)).cast("int").alias("support"), F.max("users").alias("users"))
    )
    rows = having.join(sizes, "cluster_id").where(F.col("support") >= 3)
    share = F.col("support") / F.col("size")
    outside = (F.greatest(F.col("users") - F.col("support"), F.lit(0)) + 1) / F.lit(float(population))
    bits = F.log2(share / outside) + F.log2(share)  # a thing that few members have proves less than its rarity
    cap = F.least(by_channel({c.name: c.cap for c in CHANNEL.values()}), F.lit(settings.channel_cap))
    order = Window.partitionBy("cluster_id", "channel").orderBy(F.desc("bits"), F.desc("support"), "token")
    best = rows.select(
        "*", share.alias("value"), outside.alias("background"), F.round(F.least(bits, cap) * MILLI).cast("int").alias("bits")
    )
    best = best.withColumn("nth", F.row_number().over(order)).where((F.col("nth") == 1) & (F.col("bits") > 0))
    says = F.create_map(*(F.lit(x) for c in CHANNEL.values() for x in (c.name, c.says)))[F.col("channel")]
    text = F.format_string("%d of %d accounts %s; at large %s", "support", "size", says, _percent(F.col("background")))
    return _piece(best, F.col("channel"), F.lit("coordination"), text)


def _pool(members: DataFrame, sizes: DataFrame, tokens: DataFrame, population: int, settings: Scoring) -> DataFrame:
    """Pairs of members on one card, address or network, or with the same prompt, against the rate of such pairs at large."""
    used = tokens.where(F.col("channel").isin(*_POOLED))
    at_large = (
        used.select("channel", "token", "users")
        .distinct()
        .groupBy("channel")
        .agg(F.sum(F.col("users") * (F.col("users").cast("long") - 1) / 2).alias("pairs"))
    )
    inside = used.join(members, "account_id").groupBy("cluster_id", "channel", "token").agg(F.countDistinct("owner_id").alias("k"))
    pairs = inside.groupBy("cluster_id", "channel").agg(F.sum(F.col("k") * (F.col("k") - 1) / 2).alias("value"))
    pairs = pairs.withColumn("support", F.least("value", F.lit(2**31 - 1)).cast("int"))  # of a crowd with many values there are more
    rows = pairs.where("support > 0").join(sizes, "cluster_id").join(F.broadcast(at_large), "channel")
    possible = F.col("size") * (F.col("size") - 1) / 2
    expected = possible * F.col("pairs") / F.lit(max(population * (population - 1) / 2, 1.0))
    rows = rows.select("cluster_id", "channel", "support", "size", "value", expected.alias("background"))
    cap = settings.behaviour_cap

    def weigh(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            bits = poisson_bits(batch.column("value").to_numpy(), batch.column("background").to_numpy())
            yield pa.RecordBatch.from_arrays(
                [*batch.columns, pa.array(np.round(np.minimum(bits, cap) * MILLI).astype(np.int32))], names=[*batch.schema.names, "bits"]
            )

    weighed = rows.mapInArrow(weigh, "cluster_id string, channel string, support int, size long, value double, background double, bits int")
    says = F.create_map(*(F.lit(x) for c in _POOLED for x in (c, CHANNEL[c].says)))[F.col("channel")]
    text = F.format_string("%d pairs of %d accounts %s; chance would make %.1f", "support", "size", says, "background")
    return _piece(weighed.where("bits >= 1000"), F.concat(F.lit(POOL), "channel"), F.lit("coordination"), text)


def _lockstep(members: DataFrame, embeddings: DataFrame, settings: Scoring) -> DataFrame:
    """Days on which members met in the same minutes far more often than chance and their own hours make them."""
    rows = lockstep(members, embeddings, settings).select(
        "cluster_id",
        "days",
        "active_days",
        F.col("met").cast("double").alias("value"),
        F.col("expected").alias("background"),
        F.least(F.col("met"), F.lit(2**31 - 1)).alias("support"),
    )
    bits = F.least(F.col("days") * settings.lockstep_each, F.lit(CHANNEL["synchrony"].cap)) * MILLI
    rows = rows.withColumn("bits", F.round(bits).cast("int"))
    text = F.format_string(
        "accounts were active in the same ten minutes %d times; chance and their own hours would make %.1f; so on %d of %d days",
        "support",
        "background",
        "days",
        "active_days",
    )
    return _piece(rows, F.lit("synchrony"), F.lit("coordination"), text)


def _subject(members: DataFrame, embeddings: DataFrame, run: Run) -> tuple[DataFrame, DataFrame]:
    """Pairs of members that ask about the same things, against random pairs; of many accounts it is a division of labour too."""
    settings, tail = run.settings.scoring, run.settings.pairs.content_tail
    spoken = embeddings.where(F.col("prompt_words") >= run.settings.pairs.content_words).select("account_id", "vector")
    sample = sampled(spoken.withColumnRenamed("account_id", "id"), run.settings.pairs.content_sample)
    threshold = float(np.quantile(background(sample), 1 - tail)) if len(sample) > 2 else 1.0

    def close(table: pa.Table) -> pa.Table:
        rows = table.sort_by("account_id").slice(0, _PAIRED)
        matrix = rows["vector"].combine_chunks().flatten().to_numpy().reshape(len(rows), -1)
        pairs = (matrix @ matrix.T)[np.triu_indices(len(rows), 1)]
        share = float((pairs >= threshold).mean()) if len(pairs) else 0.0
        return pa.table({"cluster_id": table["cluster_id"].slice(0, 1), "size": pa.array([len(table)], pa.int64()), "value": [share]})

    directed = members.join(spoken.where("vector is not null"), "account_id").groupBy("cluster_id")
    shares = directed.applyInArrow(close, "cluster_id string, size long, value double").where(F.col("value") > tail)
    cap = F.lit(CHANNEL["content"].cap)
    bits = F.round(F.least(F.log2(F.col("value") / F.lit(tail)), cap) * MILLI).cast("int")
    rows = shares.select("*", F.lit(tail).alias("background"), F.col("size").alias("support"), bits.alias("bits"))
    text = F.format_string(
        "%.0f %% of pairs of %d accounts ask about the same things; of random pairs under 1 %%", F.col("value") * 100, "size"
    )
    many = rows.where((F.col("size") >= settings.subject_accounts) & (F.col("value") >= run.settings.graph.content_density))
    divided = F.format_string("%d accounts share out requests about the same things, and hardly repeat one", "size")
    return (
        _piece(rows.where("bits >= 1000"), F.lit("content"), F.lit("coordination"), text),
        _piece(many, F.lit(DIVIDED), F.lit("labour"), divided),
    )


def _with_labour(profiles: DataFrame, embeddings: DataFrame, tokens: DataFrame, run: Run) -> DataFrame:
    """Profiles with `fills_shared`: 1 where the account fills a wrapper that a group of owners lives by."""
    loyal = lived_by(tokens, embeddings, tuple(WRAPPERS), run.settings.graph).select("account_id").distinct()
    marked = profiles.join(loyal.withColumn("fills_shared", F.lit(1)), "account_id", "left")
    return marked.withColumn("fills_shared", F.coalesce("fills_shared", F.lit(0)))


def _with_plans(profiles: DataFrame) -> DataFrame:
    """Profiles with `plan_excess`: how many times its plan's usual traffic an account has, as log2 of volume classes."""
    counted = profiles.where("plan is not null").groupBy("plan", _volume_class()).agg(F.count(F.lit(1)).alias("n"))
    up_to = F.sum("n").over(Window.partitionBy("plan").orderBy("volume_class"))
    all_of = F.sum("n").over(Window.partitionBy("plan"))
    usual = counted.select("plan", "volume_class", (2 * up_to >= all_of).alias("past")).where("past")
    usual = usual.groupBy("plan").agg(F.min("volume_class").alias("usual"))  # the class of the median; one row a plan
    return profiles.join(F.broadcast(usual), "plan", "left").withColumn("plan_excess", _volume_class() - F.col("usual"))


def _volume_class() -> Column:
    return F.least(F.floor(F.log2("n_exchanges")), F.lit(12)).cast("int").alias("volume_class")


def _behaviour(members: DataFrame, profiles: DataFrame, models: DataFrame, run: Run) -> DataFrame:
    """Behaviours that members show more often than accounts of the same volume do."""
    settings = run.settings.scoring
    claims = CLAIMS | {f"pivot:{r.model}": _pivot(r, settings.pivot_hours) for r in releases(models, run.day, run.settings.window_days)}
    shown = [F.struct(F.lit(name).alias("channel"), claim.shown(settings).alias("shown")) for name, claim in claims.items()]
    fields = ("fills_shared", "billing_country", "phone_country", "traits", "activity", "n_exchanges", "plan_excess")
    flags = profiles.select("account_id", *fields, *(m.alias(n) for n, m in measures().items()), _volume_class())
    rows = flags.select("account_id", "volume_class", F.inline(F.array(*shown))).where("shown is not null")
    counted, showing = F.count(F.lit(1)), F.count(F.when(F.col("shown"), 1))
    rate = rows.groupBy("channel", "volume_class").agg(counted.alias("n"), showing.alias("k"))
    overall = rate.groupBy("channel").agg(F.sum("n").alias("all_n"), F.sum("k").alias("all_k"))
    own = (
        rows.join(members, "account_id")
        .groupBy("cluster_id", "channel", "volume_class")
        .agg(counted.alias("size"), showing.alias("support"))
    )
    inside = own.join(F.broadcast(rate.join(overall, "channel")), ["channel", "volume_class"])
    # Held against all others: a large operation is most of the accounts of its volume. Behind each volume's own rate stands
    # the rate of all volumes, worth twenty accounts, for where there are few.
    of_cluster = Window.partitionBy("cluster_id", "channel")
    elsewhere = F.try_divide(F.col("all_k") - F.sum("support").over(of_cluster), F.col("all_n") - F.sum("size").over(of_cluster))
    behind = F.coalesce(elsewhere, F.col("all_k") / F.col("all_n"))
    expected = (F.col("k") - F.col("support") + 20 * behind) / (F.col("n") - F.col("size") + 20)
    # Sums of expectations are rounded, so that they do not depend on the order of rows.
    parts = (F.col("size") * F.round(expected * 1_000_000)).cast("long")
    summed = (
        inside.withColumn("parts", parts)
        .groupBy("cluster_id", "channel")
        .agg(*(F.sum(name).cast(kind).alias(name) for name, kind in (("size", "long"), ("support", "int"), ("parts", "long"))))
    )
    f = F.col("support") / F.col("size")
    q = F.least(F.greatest(F.col("parts") / (1_000_000 * F.col("size")), F.lit(0.002)), F.lit(0.998))
    rows = summed.select("cluster_id", "channel", "size", "support", f.alias("value"), q.alias("background"))
    says = F.create_map(*(F.lit(x) for name, claim in claims.items() for x in (name, claim.says)))[F.col("channel")]
    kind = F.create_map(*(F.lit(x) for name, claim in claims.items() for x in (name, claim.kind)))[F.col("channel")]
    rows = rows.where(F.col("value") >= F.col("background") + settings.effect)
    rows = rows.where((kind != "automation") | (F.col("value") >= settings.automation_share))
    rows = rows.withColumn("bits", _bits(settings)).where("bits >= 1000")
    text = F.format_string("%d of %d accounts %s; of accounts of their volume %s", "support", "size", says, _percent(F.col("background")))
    return _piece(rows, F.col("channel"), kind, text)


def _pivot(release: Release, hours: int) -> Claim:
    says = f"sent a third of their traffic to {release.model} within {hours} hours of its release"
    return Claim("conduct", says, lambda _: moved(release, hours))


def _succession(members: DataFrame, profiles: DataFrame, settings: Scoring) -> DataFrame:
    """Members first used after the first ban among them, against accounts of their volume: the banned were replaced."""
    known = profiles.select("account_id", F.to_date("first_at").alias("began"), "banned_at", _volume_class())
    inside = members.join(known, "account_id")
    banned = inside.groupBy("cluster_id").agg(
        F.to_date(F.min("banned_at")).alias("since"), F.count("banned_at").alias("n_banned"), F.count(F.lit(1)).alias("size")
    )
    banned = banned.where(F.col("n_banned") >= settings.banned)
    days = known.groupBy("volume_class", "began").agg(F.count(F.lit(1)).alias("n"))  # a day of the window and class of volume
    later = F.sum(F.when(F.col("began") > F.col("since"), F.col("n")).otherwise(0))
    since = banned.select("cluster_id", "since").join(F.broadcast(days), F.lit(True)).groupBy("cluster_id", "volume_class")
    rate = since.agg((later / F.sum("n")).alias("rate"))
    heirs = inside.join(banned, "cluster_id").join(rate, ["cluster_id", "volume_class"]).groupBy("cluster_id", "n_banned", "size")
    counted = heirs.agg(
        F.count(F.when(F.col("began") > F.col("since"), 1)).cast("int").alias("support"),
        F.sum(F.round(F.col("rate") * 1_000_000).cast("long")).alias("parts"),
    )
    q = F.least(F.greatest(F.col("parts") / (1_000_000 * F.col("size")), F.lit(0.002)), F.lit(0.998))
    rows = counted.select("*", (F.col("support") / F.col("size")).alias("value"), q.alias("background"))
    rows = rows.where(F.col("value") >= F.col("background") + settings.effect)
    rows = rows.withColumn("bits", _bits(settings)).where("bits >= 1000")
    text = F.format_string(
        "%d of %d accounts were first used after the first of %d bans among them; of accounts of their volume %s",
        "support",
        "size",
        "n_banned",
        _percent(F.col("background")),
    )
    return _piece(rows, F.lit("succession"), F.lit("conduct"), text)


def _bits(settings: Scoring) -> Column:
    """Thousandths of a bit: `size` accounts of which `value` show what `background` of all do; capped."""
    bits = F.col("size") * (_divergence(F.col("value"), F.col("background")) + _divergence(1 - F.col("value"), 1 - F.col("background")))
    return F.round(F.least(bits, F.lit(settings.behaviour_cap)) * MILLI).cast("int")


def _divergence(p: Column, q: Column) -> Column:
    return F.when(p <= 0, F.lit(0.0)).otherwise(p * F.log2(p / q))


def _percent(share: Column) -> Column:
    return F.when(share < 0.01, F.lit("under 1 %")).otherwise(F.format_string("%.0f %%", share * 100))


def _piece(rows: DataFrame, channel: Column, kind: Column, text: Column) -> DataFrame:
    """Pieces of evidence. Of the pieces of one `part` of a kind, which are views of one fact, a score counts the best."""
    groups = F.create_map(*(F.lit(x) for c in CHANNEL.values() for x in (c.name, c.group)))[channel]
    pool = F.when(channel == POOL + "prompt", CHANNEL["prompt"].group).otherwise("pool")
    part = F.when(kind != "coordination", channel).otherwise(F.coalesce(groups, pool))
    return rows.select(
        "cluster_id",
        channel.alias("channel"),
        kind.alias("kind"),
        part.alias("part"),
        "bits",
        F.col("support").cast("int").alias("support"),
        F.round("value", 6).alias("value"),
        F.round("background", 6).alias("background"),
        text.alias("description"),
    )
