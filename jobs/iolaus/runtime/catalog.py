"""The lake in a catalog: its tables under names, with the comments of their columns, and views for analysts.

A table is registered where it lies (an external table), so the lake stays what it is: who writes by path and who reads
by name see the same rows. `silver.exchanges` is called `CATALOG.SCHEMA.silver_exchanges`.
"""

import re
from collections.abc import Iterator

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from iolaus.errors import UsageError
from iolaus.pipeline import STAGES, registered_name
from iolaus.runtime.lake import Lake
from iolaus.runtime.maintenance import tables
from iolaus.runtime.named_landing import is_name
from iolaus.runtime.spark.delta import named, text
from iolaus.runtime.spark.errors import Py4JJavaError, first_line
from iolaus.schemas.codes import AS_MEANT, WRITTEN

PUBLISHER = STAGES[-1].table
_TELLING = "quality.runs"  # the table by which a schema tells where its lake lies: every run writes it
# Views by what they show of the newest published run date. A date that was taken back is not published.
VIEWS = {
    "latest_suspect_clusters": ("gold.suspect_clusters", "The published clusters of the newest run date."),
    "latest_suspect_cluster_members": ("gold.suspect_cluster_members", "The accounts of the newest clusters."),
    "latest_cluster_evidence": ("gold.cluster_evidence", "What speaks for and against the newest published clusters."),
}
_NAME = re.compile(r"[A-Za-z0-9_][\w-]*(?:\.[A-Za-z0-9_][\w-]*)?")


def schema_name(text: str) -> str:
    """A schema as SQL names it, from CATALOG.SCHEMA or the SCHEMA of the session's catalog. Raises UsageError."""
    if not _NAME.fullmatch(text):
        raise UsageError(f"{text!r} is no schema of a catalog; write it as main.iolaus")
    return ".".join(f"`{part}`" for part in text.split("."))


def register(lake: Lake, name: str) -> Iterator[str]:
    """Register every table of the lake in a schema, which is made if there is none, and make the views again.

    Yields the name of each table and view. A table that is registered already is left as it is. Raises UsageError if
    the catalog refuses, or knows another table under a name.
    """
    spark, schema = lake.spark, schema_name(name)
    try:
        if not spark.catalog.databaseExists(name):
            spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema} COMMENT 'The lake of Iolaus'")
        there = tables(lake)
        for table in there:
            yield _registered(spark, f"{schema}.`{registered_name(table)}`", lake.path(table))
        for view, (table, says) in VIEWS.items():
            if {table, "quality.runs"} <= set(there):
                spark.sql(
                    f"CREATE OR REPLACE VIEW {schema}.`{view}` COMMENT {text(says)} AS SELECT * "  # noqa: S608 - names checked
                    f"FROM {schema}.`{registered_name(table)}` WHERE run_date = ({_latest(schema)})"
                )
                yield f"{schema}.`{view}`"
    except (Py4JJavaError, PySparkException) as error:
        raise UsageError(
            f"the catalog refuses {name}: {first_line(error)}; check the name, and that this user may create schemas, "
            "tables and views there"
        ) from error


def located(spark: SparkSession, uri: str) -> str:
    """The folder of the lake that is registered in a schema, where `uri` names one; any other URI as it is.

    Raises UsageError if the schema has no lake.
    """
    if not is_name(uri) or not spark.catalog.databaseExists(uri):
        return uri
    if not spark.catalog.tableExists(f"{uri}.{registered_name(_TELLING)}"):
        raise UsageError(
            f"no lake is registered in {uri}; register one with: iolaus catalog --lake URI --catalog {uri}"
        )
    found = spark.sql(f"DESCRIBE DETAIL {schema_name(uri)}.`{registered_name(_TELLING)}`").select("location").first()
    assert found is not None
    return str(found.location).removesuffix(f"/{_TELLING.replace('.', '/')}")


def _registered(spark: SparkSession, name: str, path: str) -> str:
    spark.sql(f"CREATE TABLE IF NOT EXISTS {name} USING delta LOCATION {text(path)}")
    known, ours = (spark.sql(f"DESCRIBE DETAIL {of}").select("location").first() for of in (name, named(path)))
    if known != ours:
        raise UsageError(
            f"{name} is another table, at {known.location if known else 'no place'}; name another schema with "
            "--catalog, or drop it there"
        )
    return name


def _latest(schema: str) -> str:
    """The newest run date whose ranking was last written, and not since taken back."""
    as_meant = ", ".join(text(status) for status in AS_MEANT)
    return (
        "SELECT max(run_date) FROM (SELECT run_date, max_by(status, began_at) AS status "  # noqa: S608 - names checked
        f"FROM {schema}.`quality_runs` WHERE table_name = {text(PUBLISHER)} AND status IN ({as_meant}) "
        f"GROUP BY run_date) WHERE status = {text(WRITTEN)}"
    )
