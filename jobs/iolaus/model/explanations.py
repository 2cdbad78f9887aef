"""What innocent thing a cluster could be, and the figure that speaks for or against it: rows of `scoring.evidence`.

They give no bits. Each fits, does not fit, or cannot be told from the logs. An explanation that fits takes what it
explains from a cluster's case: shared work (`task_sharing`); where people are behind it, the suspicion of accounts that
are merely new; where each member sends the whole of one set of prompts, that they send the same; and where each has a
text of its own, that these begin or end alike.
"""

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from iolaus.model.behaviour import talks
from iolaus.model.bits import MILLI
from iolaus.model.evidence.piece import percent
from iolaus.model.explanation_words import ANSWERS, EXPLANATIONS, IN_STEP
from iolaus.model.signals import ONE_CLIENT, OWN_TEXT, PEOPLE, PUBLIC_SET, TEXTS, WHOLE_SET
from iolaus.schemas.codes import DOES_NOT_FIT, FITS, UNKNOWN
from iolaus.settings import Run, Scoring

INNOCENT = "innocent"  # the kind of these rows


def explanations(
    clusters: DataFrame,
    sizes: DataFrame,
    shared_values: DataFrame,
    profiles: DataFrame,
    in_step: DataFrame,
    population: int,
    run: Run,
) -> DataFrame:
    """(cluster_id, channel, kind, part, bits, support, value, background, description, fit, explains).

    A row a cluster and explanation.

    clusters: `graph.clusters`; sizes: (cluster_id, size); profiles: `features.account_profiles` joined with
    `silver.accounts`; in_step: (cluster_id) of those whose members act in the same minutes, as strangers do not. value
    is the cluster's figure, background everybody's; fit: FITS, DOES_NOT_FIT or UNKNOWN; explains: whether it fits and
    is of those that take evidence away.
    """
    settings = run.settings.scoring
    members = clusters.select("cluster_id", "account_id")
    inside = members.join(profiles, "account_id")
    talking, agreed = F.avg(talks(run.settings.graph).cast("int")), F.count("agreement")
    baseline = profiles.agg(
        F.coalesce(talking, F.lit(0.0)).alias("talking"),
        F.try_divide(F.countDistinct(F.coalesce("owner_id", "account_id")), F.count(F.lit(1))).alias("owners"),
        F.try_divide(agreed, F.count(F.lit(1))).alias("agreed"),  # null of a day without accounts
        F.sum(F.when(F.col("agreement").isNull(), F.col("n_sampled"))).alias("known"),
    )
    of = (
        inside.groupBy("cluster_id")
        .agg(
            F.count(F.lit(1)).alias("size"),
            F.sum("n_sampled").alias("sent"),
            talking.alias("talking"),
            F.countDistinct(F.coalesce("owner_id", "account_id")).alias("owners"),
            agreed.alias("agreed"),
        )
        .join(
            F.broadcast(
                baseline.select(*(F.col(c).alias(f"baseline_{c}") for c in ("talking", "owners", "agreed", "known")))
            ),
            F.lit(True),
        )
        .localCheckpoint()  # one row a cluster, of which four explanations are told
    )
    size = F.col("size")
    people = _row(
        of,
        PEOPLE,
        support=F.round(F.col("talking") * size),
        value=F.col("talking"),
        background=F.col("baseline_talking"),
        fits=F.col("talking") >= settings.explained_people,
        known=F.col("baseline_talking") > 0,
        figure=_figure(PEOPLE, percent(F.col("talking")), percent(F.col("baseline_talking"))),
    )
    owners = _row(
        of,
        "one_owner",
        support=F.col("owners"),
        value=F.col("owners") / size,
        background=F.col("baseline_owners"),
        fits=F.col("owners") < settings.fewest_owners,
        takes=False,  # so few owners are never published
        figure=_figure("one_owner", "size", "owners"),
    )
    agreements = _row(
        of,
        "agreement",
        support=F.col("agreed"),
        value=F.col("agreed") / size,
        background=F.col("baseline_agreed"),
        fits=2 * F.col("agreed") > size,
        takes=False,  # such accounts are in no cluster
        figure=_figure("agreement", "agreed", "size"),
    )
    floor = run.settings.profile.family_floor * MILLI
    asking_alike = F.count(F.when(F.col("content") >= floor, 1)).alias("alike")
    one_line = _row(
        clusters.join(sizes, "cluster_id").groupBy("cluster_id", "size").agg(asking_alike),
        "one_line",
        support=F.col("alike"),
        value=F.col("alike") / size,
        fits=2 * F.col("alike") < size,
        takes=False,  # members on infrastructure alone are judged by profile
        figure=_figure("one_line", "alike", "size"),
    )
    rows = (
        people,
        owners,
        agreements,
        one_line,
        _client(members, sizes, shared_values, population, run),
        _own_text(inside, sizes, run),
        *_public_set(members, of, shared_values, in_step, run),
    )
    fits = F.coalesce("fits", F.lit(False))
    fit = F.when(~F.col("known"), UNKNOWN).when(fits, FITS).otherwise(DOES_NOT_FIT)
    return reduce(DataFrame.unionByName, rows).select(
        "cluster_id",
        "channel",
        F.lit(INNOCENT).alias("kind"),
        F.col("channel").alias("part"),
        F.lit(0).alias("bits"),
        F.col("support").cast("int").alias("support"),
        F.round("value", 6).alias("value"),
        F.round("background", 6).alias("background"),
        _description(fit).alias("description"),
        fit.alias("fit"),
        (F.col("known") & fits & F.col("takes")).alias("explains"),
    )


def _client(members: DataFrame, sizes: DataFrame, shared_values: DataFrame, population: int, run: Run) -> DataFrame:
    """Users of one program: most members run one client that few others run.

    What they share may be that program's.
    """
    settings = run.settings.scoring
    own = shared_values.where("channel = 'device'").join(members, "account_id")
    used = own.groupBy("cluster_id", "value_hash").agg(
        F.count(F.lit(1)).alias("support"), F.max("n_owners").alias("n_owners")
    )
    most = Window.partitionBy("cluster_id").orderBy(F.desc("support"), "n_owners", "value_hash")
    top = used.withColumn("nth", F.row_number().over(most)).where("nth = 1").join(sizes, "cluster_id")
    value, background = F.col("support") / F.col("size"), F.col("n_owners") / F.lit(float(population))
    return _row(
        top,
        ONE_CLIENT,
        support=F.col("support"),
        value=value,
        background=background,
        fits=is_of_members(value, background, settings),
        figure=_figure(ONE_CLIENT, "support", "size", percent(background)),
    )


def is_of_members(value: Column, background: Column, settings: Scoring) -> Column:
    """Whether most members run one client, and far more of them than of all accounts. value, background: the shares."""
    return (value >= settings.explained_share) & (value >= settings.explained_lift * background)


def _own_text(inside: DataFrame, sizes: DataFrame, run: Run) -> DataFrame:
    """Programs of strangers that begin alike.

    Most send a text of their own, of which others have the first words at most.
    """
    settings = run.settings.scoring
    filled = F.filter("fragments", lambda p: p["channel"].isin(*TEXTS) & (p["distinct_prompts"] >= 2))
    sent = inside.select("cluster_id", "account_id", F.col("n_sampled").alias("sent"), filled.alias("texts"))
    had = sent.select("cluster_id", "account_id", "sent", F.inline("texts"))
    alike = F.count(F.lit(1)).over(Window.partitionBy("cluster_id", "channel", "value_hash"))
    own = had.withColumn("alike", alike).where(F.col("alike") < settings.template_accounts)
    by_channel = own.groupBy("cluster_id", "account_id", "sent", "channel").agg(F.sum("n").alias("n"))
    most = by_channel.groupBy("cluster_id", "account_id", "sent").agg(F.max("n").alias("n"))
    lived = (
        most.where(F.col("n") >= settings.explained_share * F.col("sent"))
        .groupBy("cluster_id")
        .agg(F.count(F.lit(1)).alias("support"))
    )
    rows = sizes.join(lived, "cluster_id", "left").na.fill(0, ["support"])
    value = F.col("support") / F.col("size")
    return _row(
        rows,
        OWN_TEXT,
        support=F.col("support"),
        value=value,
        fits=value >= settings.explained_share,
        figure=_figure(OWN_TEXT, "support", "size"),
    )


def _public_set(
    members: DataFrame, sent: DataFrame, shared_values: DataFrame, in_step: DataFrame, run: Run
) -> tuple[DataFrame, DataFrame]:
    """People who run one public benchmark, or a viral prompt: the same prompts come from several members, or from all.

    Strangers do so at times of their own, so neither explains members that act in the same minutes. Who divides a set
    among accounts may have each prompt answered a few times; strangers who run a set each run all of it.
    """
    least = run.settings.scoring.explained_share
    prompts = shared_values.where("channel = 'prompt'")
    own = prompts.join(members, "account_id").withColumn(
        "k", F.count(F.lit(1)).over(Window.partitionBy("cluster_id", "value_hash"))
    )
    by_cluster = own.groupBy("cluster_id").agg(
        F.sum(F.when(F.col("k") >= 2, F.col("n")).otherwise(0)).alias("repeated"),
        F.sum(F.col("n") * (F.col("k") - 1)).alias("met"),
    )
    everybody = prompts.agg(F.sum("n").alias("shared"))
    counted = sent.select("cluster_id", "size", "sent", "baseline_known").join(by_cluster, "cluster_id", "left")
    counted = counted.join(F.broadcast(everybody), F.lit(True)).withColumn(
        "background", F.try_divide("shared", "baseline_known")
    )
    marked = counted.join(in_step.withColumn("in_step", F.lit(True)), "cluster_id", "left").na.fill(False, ["in_step"])
    rows = marked.na.fill(0, ["repeated", "met"]).localCheckpoint()  # one row a cluster
    sent_by_all = F.greatest(F.col("sent"), F.lit(1))
    some = F.least(F.col("repeated") / sent_by_all, F.lit(1.0))
    each = F.least(F.col("met") / (sent_by_all * F.greatest(F.col("size") - 1, F.lit(1))), F.lit(1.0))

    in_step_too = F.when(F.col("in_step"), IN_STEP).otherwise("")

    def row(name: str, value: Column, background: Column | None = None) -> DataFrame:
        return _row(
            rows,
            name,
            support=F.col("repeated"),
            value=value,
            background=background,
            fits=(value >= least) & ~F.col("in_step"),
            figure=F.concat(_figure(name, percent(value)), in_step_too),
        )

    return row(PUBLIC_SET, some, F.col("background")), row(WHOLE_SET, each)


def _row(
    rows: DataFrame,
    name: str,
    *,
    support: Column,
    value: Column,
    fits: Column,
    figure: Column,
    background: Column | None = None,
    known: Column | None = None,
    takes: bool = True,
) -> DataFrame:
    """An explanation's row for each cluster of `rows`, which have `size`.

    known: whether it can be told from the logs, by default always; takes: whether it takes evidence away if it fits.
    """
    return rows.select(
        "cluster_id",
        F.lit(name).alias("channel"),
        support.alias("support"),
        "size",
        value.alias("value"),
        (F.lit(None).cast("double") if background is None else background).alias("background"),
        fits.alias("fits"),
        (F.lit(True) if known is None else known).alias("known"),
        F.lit(takes).alias("takes"),
        figure.alias("figure"),
    )


def _figure(name: str, *numbers: Column | str) -> Column:
    """What is counted for an explanation, in words. numbers: shares in words, and names of columns of counts."""
    said = (F.format_number(n, 0) if isinstance(n, str) else n for n in numbers)
    return F.format_string(EXPLANATIONS[name].figure, *said)


def _description(fit: Column) -> Column:
    """The sentence of a row with `channel` and `figure`."""
    who = F.create_map(*(F.lit(x) for e in EXPLANATIONS.values() for x in (e.name, e.who)))[F.col("channel")]
    answer = F.create_map(*(F.lit(x) for pair in ANSWERS.items() for x in pair))[fit]
    return F.format_string("%s? %s: %s.", who, answer, "figure")
