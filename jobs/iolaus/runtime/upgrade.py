"""A lake of an older format, or with columns missing, brought up to what this version needs.

Tables that are made from bronze alone are moved to `LAKE/_old/format-N` and made again; bronze, quality records and
verdicts stay, and get the columns that they lack. Every step may be repeated: an upgrade that was cut off goes on where
it stopped, and until it is finished the lake's marker keeps every other command out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField

from iolaus import lake_format
from iolaus.errors import RunError, UsageError
from iolaus.runtime.columns import differences
from iolaus.runtime.lake import Lake
from iolaus.runtime.maintenance import Done, tables
from iolaus.runtime.receipts import FOLDER as RECEIPTS
from iolaus.runtime.small_files import small_files
from iolaus.runtime.spark import delta_log
from iolaus.runtime.spark.errors import STORE, first_line
from iolaus.runtime.spark.store import open_store
from iolaus.schemas.table import Table, table
from iolaus.version import code_version

OLD = "_old"  # beside the layers: tables of older formats
IDS = "graph.clusters"  # the table that a run takes the ids of clusters from


@dataclass(frozen=True)
class Needed:
    """What a lake needs.

    `found` is its format, or the one that an unfinished upgrade began from. `renamed` and `added` are columns by table.
    `remakes` says whether the layers that are made from bronze are made again, for `days`; `because` says why.
    """

    found: int
    renamed: Mapping[str, Mapping[str, str]]
    added: Mapping[str, list[StructField]]
    remakes: bool
    days: list[date]
    because: str = ""

    @property
    def folder(self) -> str:
        """Where tables are moved that are made again, below the lake."""
        return f"{OLD}/format-{self.found}"

    def steps(self, lake: str) -> list[str]:
        """The steps, in words; none if the lake is up to date."""
        told = [
            f"{name}: rename {', '.join(f'{old} to {new}' for old, new in columns.items())}"
            for name, columns in self.renamed.items()
        ]
        told += [f"{name}: add the columns {', '.join(f.name for f in fs)}" for name, fs in self.added.items()]
        if self.remakes:
            told.append(f"move the folders {', '.join(lake_format.REMADE)} to {lake}/{self.folder} ({self.because})")
            if self.days:
                told.append(f"make them again from bronze: {len(self.days)} days, {self.days[0]} to {self.days[-1]}")
        return told


def needed(lake: Lake) -> Needed:
    """What a lake needs. Nothing is changed.

    Raises UsageError for a newer format, and for columns of bronze, quality or verdicts that no upgrade can make.
    """
    marked = small_files(lake.spark, lake.uri).read(lake_format.MARKER)
    found, unfinished = lake_format.read(lake.uri, marked)
    wrong, renamed, added = "", dict[str, Mapping[str, str]](), dict[str, list[StructField]]()
    for name in tables(lake):
        spec, stored = table(name), lake.spark.read.format("delta").load(lake.path(name))
        names = {old: new for old, new in lake_format.RENAMED.get(name, {}).items() if old in stored.columns}
        stored = stored.withColumnsRenamed(names)
        lacks = [f for f in spec.columns if f.name not in stored.columns and f.nullable]
        others = differences(stored.schema.__class__([*stored.schema.fields, *lacks]), spec)
        if others and name.split(".")[0] in lake_format.REMADE:
            wrong = wrong or f"{name}: {others}"
        elif others:
            raise UsageError(
                f"{name} has columns that no upgrade can make: {others}; make a new lake from the landing, with: "
                "iolaus run --landing LANDING --lake OTHER"
            )
        else:
            renamed |= {name: names} if names else {}
            added |= {name: lacks} if lacks else {}
    older = found < lake_format.FORMAT and any(lake.exists(name) for name in lake_format.TELLING)
    remakes = older or unfinished is not None or bool(wrong)
    if remakes:
        added = {name: fields for name, fields in added.items() if name.split(".")[0] not in lake_format.REMADE}
    because = "its upgrade was not finished" if unfinished is not None else f"format {found}" if older else wrong
    days = lake.days("bronze.exchanges") if remakes else []
    return Needed(found if unfinished is None else unfinished, renamed, added, remakes, days, because)


def columns(lake: Lake, need: Needed) -> Iterator[Done]:
    """Rename and add columns. Rows of a renamed column are written again; a column is added in the log alone."""
    for name, names in need.renamed.items():
        lake.guard()
        rows = lake.spark.read.format("delta").load(lake.path(name)).withColumnsRenamed(dict(names))
        _rewrite(lake, table(name), rows)
        yield Done(name, f"renamed {', '.join(f'{old} to {new}' for old, new in names.items())}")
    for name, fields in need.added.items():
        lake.guard()
        told = ", ".join(f"`{f.name}` {f.dataType.simpleString()} COMMENT {_text(f)}" for f in fields)
        if name not in need.renamed:  # those are written with all columns
            lake.spark.sql(f"ALTER TABLE delta.`{lake.path(name)}` ADD COLUMNS ({told})")
        yield Done(name, f"added {', '.join(f.name for f in fields)}")


def _rewrite(lake: Lake, spec: Table, rows: DataFrame) -> None:
    """Replace a table by rows in the columns of its schema, in one commit."""
    given = [
        (F.col(f.name) if f.name in rows.columns else F.lit(None).cast(f.dataType)).alias(f.name, metadata=f.metadata)
        for f in spec.columns
    ]
    writer = rows.select(*given).write.format("delta").mode("overwrite").option("overwriteSchema", "true")
    (writer.partitionBy(spec.date) if spec.date else writer).save(lake.path(spec.name))


def _text(field: StructField) -> str:
    """A column's comment as SQL writes a text."""
    return "'" + str(field.metadata.get("comment", "")).replace("\\", "\\\\").replace("'", "\\'") + "'"


def set_aside(lake: Lake, need: Needed) -> Iterator[Done]:
    """Move the layers that are made again, and mark the lake as being upgraded.

    A layer that an earlier try has moved stays where it is. Raises RunError if a layer is in both places before all are
    moved: a store failed in the middle of a move.
    """
    files = small_files(lake.spark, lake.uri)
    done = f"{need.folder}/moved.json"
    files.write(lake_format.MARKER, lake_format.marker(code_version(), need.found))
    if files.read(done) is not None:
        return
    store = open_store(lake.spark, lake.uri)
    for layer in (*lake_format.REMADE, RECEIPTS):
        source, target = f"{lake.uri}/{layer}", f"{lake.uri}/{need.folder}/{layer}"
        there, moved = (store.entry(uri) is not None for uri in (source, target))
        if there and moved:
            raise RunError(
                f"{source} and {target} are both there: a move was cut off; remove the second, and repeat this"
            )
        if there:
            lake.guard()
            store.make_folder(f"{lake.uri}/{need.folder}")
            try:
                store.move(source, target)
            except STORE as error:
                raise RunError(
                    f"{source} cannot be moved to {target}: {first_line(error)}; see what may be written there, and "
                    "repeat this"
                ) from error
            yield Done(layer, f"moved to {target}")
    files.write(done, '{"moved": true}\n')
    delta_log.forget(lake.spark)


def keep_ids(lake: Lake, need: Needed) -> Iterator[Done]:
    """Take over who was in which cluster on the newest day before those made again, so that ids go on.

    Nothing is taken over if the older format's columns differ, or if there is no such day.
    """
    old = f"{lake.uri}/{need.folder}/{IDS.replace('.', '/')}"
    if lake.exists(IDS) or not need.days or open_store(lake.spark, lake.uri).entry(f"{old}/_delta_log") is None:
        return
    rows = lake.spark.read.format("delta").load(old)
    if differences(rows.schema, table(IDS)):
        return
    newest = rows.where(F.col("run_date") < F.lit(need.days[0])).agg(F.max("run_date")).first()
    if newest and newest[0]:
        lake.write(IDS, rows.where(F.col("run_date") == F.lit(newest[0])), newest[0])
        yield Done(IDS, f"ids are taken over from the run of {newest[0]}")


def finish(lake: Lake) -> None:
    """Mark the lake as one of this version's format."""
    lake.guard()
    small_files(lake.spark, lake.uri).write(lake_format.MARKER, lake_format.marker(code_version()))
