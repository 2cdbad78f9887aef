"""Evidence of how members behave: more often so than accounts of the same volume."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.model.behaviour import shown
from iolaus.model.bits import by_channel
from iolaus.model.evidence.piece import bits_of_share, piece, sentence
from iolaus.model.release_adoption import Release, moved, releases
from iolaus.model.signals import CLAIMS, RELEASE, SIGNALS, SIMILAR_VOLUME, SUCCESSION
from iolaus.model.wording import in_words
from iolaus.settings import Run, Scoring

BEHIND = 20  # accounts that the rate of all volumes counts for, beside those of one volume class


@dataclass(frozen=True)
class Shown:
    """Which accounts show which behaviour.

    rows: (account_id, volume_class, channel, shown), a row an account and behaviour that is known of it; says: the
    sentence of each channel, of several accounts; kinds: what each speaks for.
    """

    rows: DataFrame
    says: Mapping[str, str]
    kinds: Mapping[str, str]


def shown_by(measured: DataFrame, models: DataFrame, run: Run) -> Shown:
    """Who shows which behaviour, the claims of the registry and the move to each released model.

    measured: `features.account_behaviour` with `activity` of `features.account_profiles`.
    """
    hours, thresholds = run.settings.scoring.release_adoption_hours, run.settings.claims
    released = {f"{RELEASE}:{r.model}": r for r in releases(models, run.day, run.settings.window_days)}
    claims = {name: shown(claim, thresholds) for name, claim in CLAIMS.items()}
    claims |= {name: moved(release, hours, thresholds.moved) for name, release in released.items()}
    says = {name: claim.sentence(thresholds) for name, claim in CLAIMS.items()}
    says |= {name: _of_release(release, hours, thresholds.moved) for name, release in released.items()}
    flags = [F.struct(F.lit(name).alias("channel"), does.alias("shown")) for name, does in claims.items()]
    rows = measured.select("account_id", "volume_class", F.inline(F.array(*flags))).where("shown is not null")
    return Shown(rows, says, {name: SIGNALS[name.split(":")[0]].kind for name in claims})


def behaviours(members: DataFrame, measured: DataFrame, models: DataFrame, run: Run) -> DataFrame:
    """Behaviours that members show more often than accounts of the same volume.

    measured: `features.account_behaviour` with `activity` of `features.account_profiles`.
    """
    settings = run.settings.scoring
    of = shown_by(measured, models, run)
    rows = of.rows
    counted, showing = F.count(F.lit(1)), F.count(F.when(F.col("shown"), 1))
    rate = rows.groupBy("channel", "volume_class").agg(counted.alias("n"), showing.alias("k"))
    overall = rate.groupBy("channel").agg(F.sum("n").alias("all_n"), F.sum("k").alias("all_k"))
    own = (
        rows.join(members, "account_id")
        .groupBy("cluster_id", "channel", "volume_class")
        .agg(counted.alias("size"), showing.alias("support"))
    )
    inside = own.join(F.broadcast(rate.join(overall, "channel")), ["channel", "volume_class"])
    # Compared with accounts outside the cluster: a large operation is most of the accounts of its volume. Each volume's
    # rate is smoothed by the rate of all volumes, for volumes with few accounts.
    of_cluster = Window.partitionBy("cluster_id", "channel")
    elsewhere = F.try_divide(
        F.col("all_k") - F.sum("support").over(of_cluster), F.col("all_n") - F.sum("size").over(of_cluster)
    )
    behind = F.coalesce(elsewhere, F.col("all_k") / F.col("all_n"))
    expected = (F.col("k") - F.col("support") + BEHIND * behind) / (F.col("n") - F.col("size") + BEHIND)
    # Sums of expectations are rounded, so that they do not depend on the order of rows.
    parts = (F.col("size") * F.round(expected * 1_000_000)).cast("long")
    summed = (
        inside.withColumn("parts", parts)
        .groupBy("cluster_id", "channel")
        .agg(
            *(
                F.sum(name).cast(kind).alias(name)
                for name, kind in (("size", "long"), ("support", "int"), ("parts", "long"))
            )
        )
    )
    f = F.col("support") / F.col("size")
    q = F.least(F.greatest(F.col("parts") / (1_000_000 * F.col("size")), F.lit(0.002)), F.lit(0.998))
    rows = summed.select("cluster_id", "channel", "size", "support", f.alias("value"), q.alias("background"))
    kind = by_channel(of.kinds)
    rows = rows.where(F.col("value") >= F.col("background") + settings.effect)
    rows = rows.where((kind != "automation") | (F.col("value") >= settings.automation_share))
    rows = rows.withColumn("bits", bits_of_share(settings)).where("bits >= 1000")
    return piece(rows, F.col("channel"), kind, sentence(by_channel(of.says), SIMILAR_VOLUME))


def _of_release(release: Release, hours: int, share: float) -> str:
    return f"sent at least {in_words(share)} of their traffic to {release.model} within {hours} hours of its release"


def succession(members: DataFrame, profiles: DataFrame, settings: Scoring) -> DataFrame:
    """Members first used after the first ban among them, against accounts of their volume: the banned were replaced.

    profiles: (account_id, first_at, banned_at, volume_class).
    """
    known = profiles.select("account_id", F.to_date("first_at").alias("began"), "banned_at", "volume_class")
    inside = members.join(known, "account_id")
    banned = inside.groupBy("cluster_id").agg(
        F.to_date(F.min("banned_at")).alias("since"),
        F.count("banned_at").alias("n_banned"),
        F.count(F.lit(1)).alias("size"),
    )
    banned = banned.where(F.col("n_banned") >= settings.banned)
    # a day of the window and class of volume
    days = known.groupBy("volume_class", "began").agg(F.count(F.lit(1)).alias("n"))
    later = F.sum(F.when(F.col("began") > F.col("since"), F.col("n")).otherwise(0))
    since = (
        banned.select("cluster_id", "since").join(F.broadcast(days), F.lit(True)).groupBy("cluster_id", "volume_class")
    )
    rate = since.agg((later / F.sum("n")).alias("rate"))
    successors = (
        inside.join(banned, "cluster_id")
        .join(rate, ["cluster_id", "volume_class"])
        .groupBy("cluster_id", "n_banned", "size")
    )
    counted = successors.agg(
        F.count(F.when(F.col("began") > F.col("since"), 1)).cast("int").alias("support"),
        F.sum(F.round(F.col("rate") * 1_000_000).cast("long")).alias("parts"),
    )
    q = F.least(F.greatest(F.col("parts") / (1_000_000 * F.col("size")), F.lit(0.002)), F.lit(0.998))
    rows = counted.select("*", (F.col("support") / F.col("size")).alias("value"), q.alias("background"))
    rows = rows.where(F.col("value") >= F.col("background") + settings.effect)
    rows = rows.withColumn("bits", bits_of_share(settings)).where("bits >= 1000")
    of = SIGNALS[SUCCESSION]
    says = F.format_string("were first used after the first of the cluster's %d bans", "n_banned")
    return piece(rows, F.lit(of.name), F.lit(of.kind), sentence(says, of.baseline))
