"""features.population: who is active, by which number a run knows them, and who counts as background."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(profiles: DataFrame, accounts: DataFrame, run: Run) -> DataFrame:
    """One row per account that was active in the window, of `features.account_profiles`.

    It is decided here, once a run, that licensed customers are neither suspects nor background. An account that is not
    known answers for itself. Keys are counted over the accounts in the order of their ids, so two accounts never have
    one key.
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
