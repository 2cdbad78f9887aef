"""features.population: who is active, by which number a run knows them, and who counts as background."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(profiles: DataFrame, accounts: DataFrame, run: Run) -> DataFrame:
    """One row per account that was active in the window, from `features.account_profiles`.

    This decides, once per run, that licensed customers are neither suspects nor background. An unknown account is its
    own owner. Keys are counted over the accounts in the order of their ids, so no two accounts have the same key.

    profiles:
    | account_id |
    |------------|
    | a          |
    | b          |
    | c          |
    | d          |

    accounts:
    | account_id | owner_id | agreement      |
    |------------|----------|----------------|
    | a          | org_1    |                |
    | b          | org_1    |                |
    | c          | c        | synthetic_data |

    result:
    | account_id | owner_id | is_background | is_first_of_owner |
    |------------|----------|---------------|-------------------|
    | a          | org_1    | true          | true              |
    | b          | org_1    | true          | false             |
    | c          | c        | false         | false             |
    | d          | d        | true          | true              |
    """
    known = accounts.select("account_id", "owner_id", "agreement")
    rows = profiles.select("account_id").join(known, "account_id", "left")
    rows = rows.select(
        "account_id",
        F.coalesce("owner_id", "account_id").alias("owner_id"),
        F.col("agreement").isNull().alias("is_background"),
    )
    of_owner = F.row_number().over(Window.partitionBy("owner_id", "is_background").orderBy("account_id"))
    rows = rows.withColumn("is_first_of_owner", F.col("is_background") & (of_owner == 1))
    keyed = rows.orderBy("account_id").withColumn("account_key", F.monotonically_increasing_id())
    return keyed.withColumn("run_date", F.lit(run.day)).select(*table("features.population").schema.fieldNames())
