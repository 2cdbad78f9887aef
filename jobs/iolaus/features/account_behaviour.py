"""features.account_behaviour: how each account behaves: every measure once, for groups, profiles and evidence."""

from collections.abc import Mapping

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.model.behaviour import measures, volume_class, volume_class_of
from iolaus.model.population import of_background
from iolaus.model.signals import TEMPLATES
from iolaus.model.templates import lived_by
from iolaus.schemas.table import table
from iolaus.settings import Graph, Run


def transform(
    profiles: DataFrame, accounts: DataFrame, population: DataFrame, shared_values: DataFrame, run: Run
) -> DataFrame:
    """One row per account of the background, of `features.account_profiles` and what is known of the account.

    profiles: grading is the second capability
    | account_id | n_exchanges | n_later_turns | output_tokens | first_at         | capability_counts      |
    |------------|-------------|---------------|---------------|------------------|------------------------|
    | a          | 40          | 0             | 24000         | 2026-02-02 08:00 | [0, 30, 0, 0, 0, 0, 0] |
    | b          | 10          | 6             | 2000          | 2026-02-02 08:00 | [0, 0, 0, 0, 0, 0, 0]  |

    accounts:
    | account_id | created_at       |
    |------------|------------------|
    | a          | 2026-02-01 08:00 |

    population:
    | account_id | is_background |
    |------------|---------------|
    | a          | true          |
    | b          | true          |

    result: a is a program, b is a person
    | account_id | talks | volume_class | mean_output_tokens | age_at_first_use | asks_grading_share |
    |------------|-------|--------------|--------------------|------------------|--------------------|
    | a          | false | 5            | 600.0              | 1.0              | 0.75               |
    | b          | true  | 3            | 200.0              |                  | 0.0                |
    """
    known = accounts.select("account_id", "created_at", "plan", "billing_country", "phone_country")
    active = of_background(profiles, population).join(known, "account_id", "left")
    rows = _with_shared_templates(_with_plans(active, run.settings.plans), profiles, shared_values, run.settings.graph)
    every = measures(run.settings).items()
    made = rows.select(
        F.lit(run.day).alias("run_date"), "account_id", *(measure.alias(name) for name, measure in every)
    )
    return made.select(*table("features.account_behaviour").schema.fieldNames())


def _with_shared_templates(
    active: DataFrame, profiles: DataFrame, shared_values: DataFrame, settings: Graph
) -> DataFrame:
    """The rows with `uses_shared_template`: 1 if the account uses a template that a group lives by, else null."""
    loyal = lived_by(shared_values, profiles, tuple(TEMPLATES), settings).select("account_id").distinct()
    return active.join(loyal.withColumn("uses_shared_template", F.lit(1)), "account_id", "left")


def _with_plans(active: DataFrame, plans: Mapping[str, float]) -> DataFrame:
    """The rows with `usual_class`: the volume class of the plan in `plans`, else of the plan's median account."""
    counted = (
        active.where("plan is not null")
        .groupBy("plan", volume_class().alias("class"))
        .agg(F.count(F.lit(1)).alias("n"))
    )
    up_to = F.sum("n").over(Window.partitionBy("plan").orderBy("class"))
    all_of = F.sum("n").over(Window.partitionBy("plan"))
    past = counted.select("plan", "class", (2 * up_to >= all_of).alias("past")).where("past")
    usual = past.groupBy("plan").agg(F.min("class").alias("usual_class"))  # one row per plan
    if plans:
        said = F.create_map(*(F.lit(x) for plan, n in plans.items() for x in (plan, volume_class_of(n))))[F.col("plan")]
        usual = usual.withColumn("usual_class", F.coalesce(said, "usual_class"))
    return active.join(F.broadcast(usual), "plan", "left")
