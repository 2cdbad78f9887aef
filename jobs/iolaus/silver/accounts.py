"""silver.accounts: accounts as known on a date, their identifiers pseudonymised."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.schemas.table import table
from iolaus.settings import Run
from iolaus.text.pseudonyms import addresses, pseudonyms


def transform(accounts: DataFrame, agreements: DataFrame, run: Run) -> DataFrame:
    """One row per account that existed at the end of the day; a ban after it is not yet known.

    The seats of a verified organisation have one owner, the organisation, and its agreement is theirs. An organisation
    that nobody verified is what its own accounts say: an operator could say so of unrelated accounts. It owns nothing,
    and no agreement holds for it.

    accounts: b is banned on the next day, and d is created on it
    | account_id | created_at       | org_id | verified_as | status | banned_at        |
    |------------|------------------|--------|-------------|--------|------------------|
    | a          | 2026-01-05 08:00 | o      | enterprise  | active |                  |
    | b          | 2026-01-05 08:00 | o      |             | banned | 2026-02-11 10:00 |
    | c          | 2026-01-05 08:00 |        |             | banned | 2026-02-08 10:00 |
    | d          | 2026-02-11 08:00 |        |             | active |                  |

    agreements:
    | org_id | kind           | since      |
    |--------|----------------|------------|
    | o      | synthetic_data | 2026-01-01 |

    result:
    | account_id | owner_id | agreement      | status | banned_at        |
    |------------|----------|----------------|--------|------------------|
    | a          | org:o    | synthetic_data | active |                  |
    | b          | b        |                | active |                  |
    | c          | c        |                | banned | 2026-02-08 10:00 |
    """
    schema = table("silver.accounts").schema
    end = F.lit(run.day + timedelta(days=1)).cast("timestamp")
    known_ban = F.col("banned_at") < end
    in_force = (
        agreements.where(F.col("since") <= F.lit(run.day)).groupBy("org_id").agg(F.min("kind").alias("agreement"))
    )
    rows = accounts.where(F.col("created_at") < end).join(F.broadcast(in_force), "org_id", "left")
    is_verified = F.trim("verified_as") != ""
    prepared = rows.select(
        F.lit(run.day).alias("run_date"),
        "account_id",
        F.when(is_verified, F.concat(F.lit("org:"), "org_id")).alias("organisation"),
        "created_at",
        "org_id",
        "plan",
        "verified_as",
        F.when(is_verified, F.col("agreement")).alias("agreement"),
        "payment_fingerprint",
        F.lower("email_domain").alias("email_domain"),
        F.upper("phone_country").alias("phone_country"),
        F.upper("billing_country").alias("billing_country"),
        "signup_ip",
        "signup_asn",
        F.when(known_ban, "banned")
        .when(F.col("banned_at").isNotNull(), "active")
        .otherwise(F.col("status"))
        .alias("status"),
        F.when(known_ban, F.col("banned_at")).alias("banned_at"),
    ).withColumn("owner_id", F.coalesce("organisation", "account_id"))
    secret, key_id = run.key.secret, run.key.key_id

    def pseudonymise(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            columns = {name: batch.column(name) for name in batch.schema.names}
            columns["card"] = pseudonyms(secret, "card", columns["payment_fingerprint"])
            columns["mail_domain"] = pseudonyms(secret, "mail_domain", columns["email_domain"])
            columns["signup_address"], columns["signup_block"] = addresses(secret, columns["signup_ip"])
            columns["key_id"] = pa.array([key_id] * batch.num_rows, pa.string())
            yield pa.RecordBatch.from_arrays([columns[name] for name in schema.fieldNames()], names=schema.fieldNames())

    return prepared.mapInArrow(pseudonymise, schema)
