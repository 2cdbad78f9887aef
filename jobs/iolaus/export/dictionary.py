"""The data dictionary: `docs/reference/tables.md`, made from the schemas. `make dictionary` writes it."""

from pathlib import Path

from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType

from iolaus.pipeline import STAGES
from iolaus.schemas.table import table

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "tables.md"

_HEAD = """# The published tables

Made from `jobs/iolaus/schemas` by `make dictionary`; change a column's comment there, not here.

Gold tables are Delta tables at `LAKE/gold/<table>`, partitioned by `run_date`. One run date is one atomic replacement
of its rows. They need reader version 1 alone, so that readers without Spark can open them. Times are UTC. A date's
tables are whole once `gold.suspect_clusters` has been written for it, which is written last.

## Ask them

From a shell, without Spark (DuckDB over the lake's files; `--format csv` or `json` for other programs):

```sh
iolaus query --lake LAKE "SELECT rank, cluster_id, score, confidence, summary FROM suspect_clusters
  WHERE run_date = (SELECT max(run_date) FROM suspect_clusters) ORDER BY rank"
```

Which accounts of the worst cluster are new since the day before, with Spark SQL:

```python
spark.sql(\"\"\"
    WITH days AS (SELECT max(run_date) AS today FROM delta.`LAKE/gold/suspect_clusters`),
    worst AS (SELECT cluster_id FROM delta.`LAKE/gold/suspect_clusters` JOIN days ON run_date = today WHERE rank = 1)
    SELECT today.account_id, today.membership, today.reasons
    FROM delta.`LAKE/gold/suspect_cluster_members` AS today
    JOIN worst ON today.cluster_id = worst.cluster_id
    JOIN days ON today.run_date = days.today
    LEFT ANTI JOIN delta.`LAKE/gold/suspect_cluster_members` AS before
        ON before.account_id = today.account_id AND before.run_date < today.run_date
    ORDER BY today.membership DESC, today.account_id
\"\"\").show(truncate=False)
```

What speaks for each cluster, strongest first, with deltalake and Polars:

```python
import polars as pl
from deltalake import DeltaTable

evidence = pl.from_arrow(DeltaTable("LAKE/gold/cluster_evidence").to_pyarrow_table())
today = evidence.filter((pl.col("run_date") == pl.col("run_date").max()) & (pl.col("kind") != "innocent"))
print(today.sort("cluster_id", "bits", descending=[False, True]).select("cluster_id", "kind", "bits", "description"))
```

How busy each cluster was on each day, with DuckDB from Python:

```python
import duckdb
from deltalake import DeltaTable

timeline = DeltaTable("LAKE/gold/cluster_timeline").to_pyarrow_table()
duckdb.sql(\"\"\"
    SELECT cluster_id, CAST(hour AS DATE) AS day, sum(n_exchanges) AS exchanges
    FROM timeline WHERE run_date = (SELECT max(run_date) FROM timeline)
    GROUP BY ALL ORDER BY ALL
\"\"\").show()
```

In DuckDB's own shell, with its `delta` extension, the same table is `delta_scan('LAKE/gold/cluster_timeline')`.
"""


def page() -> str:
    """The whole page, in Markdown."""
    parts = [_HEAD]
    for made in STAGES:
        if made.layer != "gold":
            continue
        spec = table(made.table)
        key = ", ".join(f"`{name}`" for name in spec.key)
        parts.append(f"## {spec.name}\n\n{_sentence(made.holds)} {_sentence(spec.grain)} Key: {key}.\n")
        rows = [row for field in spec.columns for row in _rows(field, "")]
        parts.append("\n".join(["| column | type | may be null | meaning |", "|---|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _rows(field: StructField, before: str) -> list[str]:
    """The row of a column, and one for each field of a record within it."""
    comment = field.metadata.get("comment", "").replace("|", "\\|")
    name = f"{before}{field.name}"
    own = f"| `{name}` | {_type(field.dataType)} | {'yes' if field.nullable else ''} | {comment} |"
    inner = field.dataType
    mark = name
    while isinstance(inner, ArrayType):
        inner, mark = inner.elementType, f"{mark}[]"
    nested = [row for f in inner.fields for row in _rows(f, f"{mark}.")] if isinstance(inner, StructType) else []
    return [own, *nested]


def _type(kind: DataType) -> str:
    if isinstance(kind, ArrayType):
        return f"list of {_type(kind.elementType)}"
    if isinstance(kind, MapType):
        return f"map of {_type(kind.keyType)} to {_type(kind.valueType)}"
    return "record" if isinstance(kind, StructType) else kind.simpleString()
