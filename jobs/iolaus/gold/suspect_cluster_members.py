"""gold.suspect_cluster_members: the accounts of published clusters, each with its reasons."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small
from iolaus.model.behaviour import sampled_exchanges
from iolaus.model.bits import MILLI
from iolaus.model.evidence.behaviour import shown_by
from iolaus.model.explanation_words import AS_A_WHOLE
from iolaus.model.impact import MILLIONTHS, TAKEN, cost, with_models
from iolaus.model.population import size
from iolaus.model.reasons import reasons
from iolaus.model.signals import VALUE_FAMILIES
from iolaus.model.verdicts import in_force, of_accounts
from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(
    scored: DataFrame,
    clusters: DataFrame,
    shared_values: DataFrame,
    profiles: DataFrame,
    accounts: DataFrame,
    population: DataFrame,
    behaviour: DataFrame,
    content: DataFrame,
    synchrony: DataFrame,
    cohort: DataFrame,
    models: DataFrame,
    verdicts: DataFrame,
    run: Run,
) -> DataFrame:
    """One row per member of a published cluster; its reasons are true of the account itself (`iolaus.model.reasons`).

    scored:
    | cluster_id | confidence | n_accounts |
    |------------|------------|------------|
    | hc_1       | high       | 2          |

    clusters:
    | cluster_id | account_id | membership | bits  |
    |------------|------------|------------|-------|
    | hc_1       | a          | 0.99       | 12000 |
    | hc_1       | b          | 0.98       | 9000  |

    shared_values: 12 owners of 800 have the card
    | account_id | account_key | owner_id | channel | value_hash | n | is_qualifying | n_owners | n_qualifying_owners |
    |------------|-------------|----------|---------|------------|---|---------------|----------|---------------------|
    | a          | 1           | a        | card    | 7          | 1 | true          | 12       | 12                  |
    | b          | 2           | b        | card    | 7          | 1 | true          | 12       | 12                  |

    profiles:
    | account_id | n_exchanges | first_at | last_at |
    |------------|-------------|----------|---------|
    | a          | 40          | 08:00    | 12:00   |
    | b          | 30          | 08:00    | 11:00   |

    population:
    | rows | account_id | account_key | owner_id | is_background | is_first_of_owner |
    |------|------------|-------------|----------|---------------|-------------------|
    | 1    | a          | 1           | a        | true          | true              |
    | 1    | b          | 2           | b        | true          | true              |
    | 798  | others     | 3           | others   | true          | true              |

    result:
    | account_id | n_exchanges | reasons                                                                     |
    |------------|-------------|-----------------------------------------------------------------------------|
    | a          | 40          | ["Shares a payment card with the other account (1% of other accounts do)."] |
    | b          | 30          | ["Shares a payment card with the other account (1% of other accounts do)."] |
    """
    published = scored.where(F.col("confidence") != "low").select("cluster_id", "n_accounts")
    members = clusters.join(published, "cluster_id").select(
        "cluster_id", "account_id", "membership", "bits", "n_accounts"
    )
    known = accounts.select("account_id", "created_at", "status", "banned_at", "plan", "org_id")
    used = profiles.join(broadcast_if_small(members.select("account_id")), "account_id").select(
        "account_id",
        "n_exchanges",
        *(F.col(column).alias(name) for name, column in TAKEN.items()),
        F.round(cost(run.settings) / MILLIONTHS, 4).alias("cost"),
        F.col("first_at").alias("first_seen"),
        F.col("last_at").alias("last_seen"),
        "activity",
    )
    rows = members.join(used.drop("activity"), "account_id").join(known, "account_id", "left")
    rows = with_models(rows, used, "account_id")
    rows = rows.join(_carried(members, shared_values, profiles, run), ["cluster_id", "account_id"], "left")
    share = F.round(F.least(F.coalesce("carried", F.lit(0.0)), F.lit(1.0)), 4)
    keyed = members.join(population.select("account_id", "account_key", "owner_id"), "account_id")
    measured = behaviour.join(profiles.select("account_id", "activity"), "account_id")
    said = reasons(
        keyed,
        shared_values,
        (content, synchrony, cohort),
        shown_by(measured, models, run),
        size(population).owners,
        run.settings,
    )
    as_a_whole = F.format_string(AS_A_WHOLE, F.col("bits") / MILLI)
    rows = rows.join(said, ["cluster_id", "account_id"], "left").withColumns(
        {"distillation_share": share, "reasons": F.coalesce("reasons", F.array(as_a_whole))}
    )
    if verdicts.isEmpty():
        none = {name: F.lit(None).cast("string") for name in ("verdict", "verdict_id", "verdict_by", "verdict_why")}
        rows = rows.withColumns(none | {"verdict_on": F.lit(None).cast("date")})
    else:
        rows = rows.join(of_accounts(in_force(verdicts, run)).drop("cluster_id"), "account_id", "left")
    run_columns = {"run_date": F.lit(run.day), "run_id": F.lit(run.run_id)}
    return rows.withColumns(run_columns).select(*table("gold.suspect_cluster_members").schema.fieldNames())


def _carried(members: DataFrame, shared_values: DataFrame, profiles: DataFrame, run: Run) -> DataFrame:
    """The share of each member's exchanges that carry its most sent text fragment, of those that many members send."""
    content = shared_values.where(F.col("channel").isin(*VALUE_FAMILIES["content"]) & (F.col("channel") != "tools"))
    mine = content.select("account_id", "channel", "value_hash", "n").join(
        broadcast_if_small(members.select("cluster_id", "account_id", "n_accounts")), "account_id"
    )
    typical = mine.groupBy("cluster_id", "channel", "value_hash", "n_accounts").agg(F.count(F.lit(1)).alias("having"))
    typical = typical.where(F.col("having") >= run.settings.scoring.typical_share * F.col("n_accounts")).select(
        "cluster_id", "channel", "value_hash"
    )
    sent = mine.join(broadcast_if_small(typical), ["cluster_id", "channel", "value_hash"]).join(
        profiles.select("account_id", "n_exchanges", "n_sampled"), "account_id"
    )
    return sent.groupBy("cluster_id", "account_id").agg(F.max(F.col("n") / sampled_exchanges()).alias("carried"))
