"""scoring.clusters: the score, confidence and rank of each cluster."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from iolaus.model.bits import MILLI
from iolaus.model.explanations import INNOCENT
from iolaus.model.impact import MILLIONTHS, TAKEN, cost, with_models
from iolaus.model.judgement.hypotheses import CHANCE, HYPOTHESES
from iolaus.model.judgement.rule import is_high, is_medium
from iolaus.model.release_adoption import release_adoption, releases
from iolaus.model.signals import COUNTED
from iolaus.model.verdicts import changes, in_force, verdicts_of
from iolaus.schemas.scoring_clusters import RELEASE_ADOPTION
from iolaus.schemas.table import table
from iolaus.schemas.verdicts import INNOCENT as CLEARED
from iolaus.settings import CAPABILITIES, Run, Scoring

KINDS = ("coordination", "automation", "extraction", "task_sharing", "purpose_built", "policy_signals")
PUBLISHED = ("high", "medium")


def transform(
    evidence: DataFrame,
    judgement: DataFrame,
    clusters: DataFrame,
    profiles: DataFrame,
    accounts: DataFrame,
    models: DataFrame,
    verdicts: DataFrame,
    run: Run,
) -> DataFrame:
    """One row per cluster.

    Score: the best piece of each part of each kind, in bits, each piece capped. It rises with every piece. Confidence
    follows the judgement: *medium* where an operator's hypothesis beats the best innocent one by `scoring.margin`, on
    two families of facts that each speak for it, *high* by `scoring.high_margin`; *low* otherwise, where there are too
    few accounts or owners, and where most of its accounts are those of a cluster that an analyst judged innocent. Only
    high and medium are published.

    settings: scoring.fewest_accounts=2, scoring.fewest_owners=2

    evidence: thousandths of a bit; a card and a template are two parts, two lengths of a template are one
    | cluster_id | kind         | part     | channel  | bits  | value | background | description |
    |------------|--------------|----------|----------|-------|-------|------------|-------------|
    | hc_1       | coordination | identity | card     | 12000 | 1.0   | 0.01       | card        |
    | hc_1       | coordination | template | head8    | 9000  | 1.0   | 0.02       | template    |
    | hc_1       | coordination | template | head4    | 7000  | 1.0   | 0.02       | template    |
    | hc_1       | automation   | turns    | one_shot | 2000  | 1.0   | 0.43       | automated   |

    judgement: two families speak for the operator
    | cluster_id | family  | hypothesis   | rival     | margin_bits | log_likelihoods                           |
    |------------|---------|--------------|-----------|-------------|-------------------------------------------|
    | hc_1       | content | distillation | one_trade | 6.5         | {"distillation": -1.0, "strangers": -5.0} |
    | hc_1       | places  | distillation | one_trade | 6.5         | {"distillation": -1.0, "strangers": -3.0} |

    clusters:
    | cluster_id | account_id |
    |------------|------------|
    | hc_1       | a          |
    | hc_1       | b          |

    profiles:
    | account_id | n_exchanges | capability_counts      |
    |------------|-------------|------------------------|
    | a          | 40          | [0, 30, 0, 0, 0, 0, 0] |
    | b          | 30          | [0, 30, 0, 0, 0, 0, 0] |

    result: 12 + 9 + 2 bits
    | cluster_id | rank | n_accounts | n_exchanges | target  | score | margin_bits | confidence |
    |------------|------|------------|-------------|---------|-------|-------------|------------|
    | hc_1       | 1    | 2          | 70          | grading | 23.0  | 6.5         | high       |
    """
    settings = run.settings.scoring
    facts = _facts(clusters, profiles, accounts, run)
    scored = facts.join(_sums(evidence), "cluster_id", "left").join(_words(evidence), "cluster_id", "left")
    scored = with_judgement(scored, judgement, settings).na.fill(0.0, list(KINDS))
    scored = scored.withColumn("score", F.round(sum((F.col(k) for k in KINDS), F.lit(0.0)), 3))
    scored = _with_verdicts(scored, evidence, clusters, verdicts, run)
    cleared = F.coalesce((F.col("verdict") == CLEARED) & F.col("covers"), F.lit(False))
    scored = scored.withColumn("confidence", F.when(cleared, "low").otherwise(confidence(settings)))
    order = Window.partitionBy(F.col("confidence").isin(*PUBLISHED)).orderBy(
        F.desc("score"), F.desc("n_exchanges"), "cluster_id"
    )
    ranked = scored.withColumn("rank", F.row_number().over(order))
    for name in ("reasons", "explanations"):
        ranked = ranked.withColumn(name, F.coalesce(name, F.array().cast("array<string>")))
    moves = _release_adoption(clusters, profiles, models, run)
    ranked = (
        ranked.withColumn("release_adoption", F.lit(None))
        if moves is None
        else ranked.join(moves, "cluster_id", "left")
    )
    ranked = ranked.withColumn(
        "release_adoption",
        F.coalesce(F.col("release_adoption").cast(RELEASE_ADOPTION), F.array().cast(RELEASE_ADOPTION)),
    )
    return ranked.withColumn("summary", _summary()).select(*table("scoring.clusters").schema.fieldNames())


def with_judgement(clusters: DataFrame, judgement: DataFrame, settings: Scoring) -> DataFrame:
    """Rows of clusters with case_kind, rival, margin_bits and families: what won, and how many families say so."""
    judged = clusters.join(_judged(judgement, settings), "cluster_id", "left").na.fill(0, ["families"])
    return judged.na.fill(CHANCE, ["rival"]).na.fill("unexplained", ["case_kind"]).na.fill(0.0, ["margin_bits"])


def confidence(settings: Scoring) -> Column:
    """high, medium or low, over rows with n_accounts, n_owners, margin_bits and families."""
    sizes, margin = (F.col("n_accounts"), F.col("n_owners")), F.col("margin_bits")
    medium, high = is_medium(*sizes, margin, F.col("families"), settings), is_high(margin, settings)
    return F.when(medium & high, "high").when(medium, "medium").otherwise("low")


def _with_verdicts(
    scored: DataFrame, evidence: DataFrame, clusters: DataFrame, verdicts: DataFrame, run: Run
) -> DataFrame:
    """Clusters with the verdict in force, whether it covers most of their accounts, and what has changed since."""
    names = ("verdict", "verdict_id", "verdict_by", "verdict_why")
    if verdicts.isEmpty():
        none = {name: F.lit(None).cast("string") for name in names}
        changed = F.array().cast("array<string>")
        return scored.withColumns(
            none | {"verdict_on": F.lit(None).cast("date"), "covers": F.lit(False), "since_verdict": changed}
        )
    force = in_force(verdicts, run)
    found = verdicts_of(clusters.select("cluster_id", "account_id"), force, run)
    channels = (
        evidence.where(F.col("kind") != INNOCENT)
        .groupBy("cluster_id")
        .agg(F.collect_set("channel").alias("channels_now"))
    )
    now = scored.select("cluster_id", F.col("score").alias("score_now"), F.col("n_exchanges").alias("n_exchanges_now"))
    beside = found.join(now, "cluster_id").join(channels, "cluster_id", "left")
    given = beside.select(
        "cluster_id",
        "verdict",
        "verdict_id",
        F.col("given_by").alias("verdict_by"),
        F.col("why").alias("verdict_why"),
        F.to_date("given_at").alias("verdict_on"),
        "covers",
        changes().alias("since_verdict"),
    )
    told = scored.join(given, "cluster_id", "left").na.fill(False, ["covers"])
    return told.withColumn("since_verdict", F.coalesce("since_verdict", F.array().cast("array<string>")))


def _facts(clusters: DataFrame, profiles: DataFrame, accounts: DataFrame, run: Run) -> DataFrame:
    """What can be counted of a cluster's members."""
    known = accounts.select("account_id", "owner_id", "banned_at")
    rows = clusters.select("cluster_id", "account_id").join(profiles, "account_id").join(known, "account_id", "left")
    counts = [F.sum(F.element_at("capability_counts", i + 1)).alias(name) for i, name in enumerate(CAPABILITIES)]
    sums = rows.groupBy("cluster_id").agg(
        F.count(F.lit(1)).cast("int").alias("n_accounts"),
        F.countDistinct(F.coalesce("owner_id", "account_id")).cast("int").alias("n_owners"),
        F.sum("n_exchanges").alias("n_exchanges"),
        *(F.sum(column).alias(name) for name, column in TAKEN.items()),
        F.round(F.sum(cost(run.settings)) / MILLIONTHS, 2).alias("cost"),
        F.min("first_at").alias("first_seen"),
        F.max("last_at").alias("last_seen"),
        F.count("banned_at").cast("int").alias("n_banned"),
        F.round(F.avg((F.unix_timestamp("last_at") - F.unix_timestamp("first_at")) / 86_400), 2).alias("lifetime_days"),
        *counts,
    )
    shares = [
        F.struct((F.round(F.col(c) / F.col("n_exchanges"), 4)).alias("share"), F.lit(c).alias("name"))
        for c in CAPABILITIES
    ]
    most = F.filter(F.reverse(F.array_sort(F.array(*shares))), lambda s: s["share"] >= 0.1)
    mix = F.map_from_entries(F.transform(F.array(*shares), lambda s: F.struct(s["name"], s["share"])))
    words = F.array_join(F.transform(F.slice(most, 1, 3), lambda s: s["name"]), ", ")
    since = F.lit(run.day) - F.expr(f"INTERVAL {run.settings.scoring.active_days - 1} DAYS")
    return with_models(sums, rows, "cluster_id").select(
        F.lit(run.day).alias("run_date"),
        "cluster_id",
        "n_accounts",
        "n_owners",
        "n_exchanges",
        *TAKEN,
        "models",
        "cost",
        "first_seen",
        "last_seen",
        (F.col("last_seen") >= since).alias("is_active"),
        "n_banned",
        "lifetime_days",
        mix.alias("capabilities"),
        F.when(words == "", "mixed").otherwise(words).alias("target"),
    )


def _release_adoption(clusters: DataFrame, profiles: DataFrame, models: DataFrame, run: Run) -> DataFrame | None:
    """(cluster_id, release_adoption): each release of the window beside what everybody did; None if there was none."""
    released = releases(models, run.day, run.settings.window_days)
    if not released:
        return None
    first = released[0].hour
    active = profiles.select("account_id", F.filter("activity", lambda x: x["hour"] >= first).alias("activity"))
    own = (
        clusters.select("cluster_id", "account_id")
        .join(active, "account_id")
        .select(F.col("cluster_id").alias("key"), F.inline("activity"))
    )
    moves = release_adoption(
        own.unionByName(active.select(F.lit("").alias("key"), F.inline("activity"))),
        released,
        run.settings.scoring.release_adoption_hours,
    ).localCheckpoint()
    everybody = moves.where("key = ''").select(
        "model", F.col("share").alias("baseline_share"), F.col("hours_to_half").alias("baseline")
    )
    beside = moves.where("key <> ''").join(F.broadcast(everybody), "model")
    fields = (
        "released_at",
        "model",
        "share",
        "hours_to_half",
        "baseline_share",
        F.col("baseline").alias("baseline_hours_to_half"),
    )
    return beside.groupBy(F.col("key").alias("cluster_id")).agg(
        F.array_sort(F.collect_list(F.struct(*fields))).alias("release_adoption")
    )


def _sums(evidence: DataFrame) -> DataFrame:
    """(cluster_id, and bits by kind): of each part of a kind the best piece."""
    facts = evidence.groupBy("cluster_id", "kind", "part").agg(F.max("bits").alias("bits"))
    return facts.groupBy("cluster_id").agg(
        *(
            F.round(F.coalesce(F.sum(F.when(F.col("kind") == k, F.col("bits"))), F.lit(0)) / MILLI, 3).alias(k)
            for k in KINDS
        )
    )


def _judged(judgement: DataFrame, settings: Scoring) -> DataFrame:
    """(cluster_id, case_kind, rival, margin_bits, families).

    What won, and how many families of facts each say that it is no chance.
    """
    likely = F.col("log_likelihoods")
    not_by_chance = F.element_at(likely, F.col("hypothesis")) - F.element_at(likely, F.lit(CHANCE))
    by_family = judgement.groupBy("cluster_id", "hypothesis", "rival", "margin_bits", "family").agg(
        F.sum(not_by_chance).alias("bits")
    )
    speaks = (F.col("family") != "prior") & (F.col("bits") >= settings.family_speaks)
    kind = F.create_map(*(F.lit(word) for h in HYPOTHESES for word in (h.name, h.kind)))
    case_kind = F.element_at(kind, F.col("hypothesis")).alias("case_kind")
    return by_family.groupBy("cluster_id", case_kind, "rival", "margin_bits").agg(
        F.count(F.when(speaks, 1)).cast("int").alias("families")
    )


def _words(evidence: DataFrame) -> DataFrame:
    """Up to five pieces of evidence in words, and every innocent explanation with its figure.

    The best of each kind comes first, and of these the one that is farthest from its baseline: many pieces have the
    bits of their caps.
    """
    far = _distance()
    order = Window.partitionBy("cluster_id", "kind").orderBy(F.desc(far), F.desc("bits"), F.desc("support"), "channel")
    innocent = F.col("kind") == INNOCENT
    ranked = evidence.withColumn("nth", F.row_number().over(order)).where(innocent | (F.col("nth") <= 3))
    row = F.struct("nth", (-far).alias("minus"), "channel", "description")
    reasons = F.array_sort(F.collect_list(F.when(~innocent, row)))
    told = F.array_sort(F.collect_list(F.when(innocent, F.struct("channel", "description"))))
    return ranked.groupBy("cluster_id").agg(
        F.slice(F.transform(reasons, lambda r: r["description"]), 1, 5).alias("reasons"),
        F.transform(told, lambda r: r["description"]).alias("explanations"),
    )


def _distance() -> Column:
    """How far a figure is from its baseline, in bits that no cap hides: 0 where there is no baseline.

    A count is so many times what chance makes; a share counts less, the fewer members have it.
    """
    ratio = F.col("value") / F.greatest("background", F.lit(1e-9))
    counts = F.col("channel").isin(*COUNTED)
    return F.round(F.coalesce(F.log2(F.when(counts, ratio).otherwise(F.col("value") * ratio)), F.lit(0.0)), 6)


def _summary() -> Column:
    first = F.when(F.size("reasons") > 0, F.element_at("reasons", 1)).otherwise("no evidence stands out")
    return F.format_string(
        "%,d accounts with %,d exchanges, after %s: %s", "n_accounts", "n_exchanges", "target", first
    )
