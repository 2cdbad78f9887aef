"""A gateway's own logs, read as lines whatever the folders: what `iolaus adapt` reads."""

import re
from collections.abc import Iterator
from datetime import date
from typing import cast

import orjson
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from iolaus.errors import UsageError
from iolaus.runtime.landing import Landing
from iolaus.runtime.lines import PARQUET, table_lines
from iolaus.runtime.long_lines import File, PassedOver
from iolaus.runtime.spark.store import open_store
from iolaus.runtime.unreadable import Unreadable

_PLAIN = (".jsonl", ".json", ".ndjson", ".log", ".txt", ".out")
_SPLIT = 4 << 20  # bytes: Spark splits no smaller file
_WHOLE = 256 << 20  # bytes: a larger document over many lines is no thing to hold
_PEEK = 64 << 10  # bytes
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}$")  # what tells the kind of a file; an id may have dots, too
_TABLE = re.compile(r"[\w-]+(?:\.[\w-]+){1,2}")  # a table by its name in a catalog


def is_json_name(name: str) -> bool:
    """Whether a file, by its name, may hold JSON: gateways call objects by ids, without a suffix or with .gz alone."""
    suffix = _SUFFIX.search(name.rsplit("/", 1)[-1].removesuffix(".gz"))
    return suffix is None or suffix[0].lower() in _PLAIN


class Logs(Landing):
    """The logs under one URI: a file, or a folder with all folders below it.

    Raises UsageError if there is nothing there.

    A file is JSON if its name, without .gz, has no suffix or one that JSON goes by; gateways call objects by ids.
    Links are followed: whoever adapts logs names their folder, and some systems keep logs behind links.
    """

    follows_links = True

    def __init__(self, spark: SparkSession, uri: str):
        self._others: list[str] = []
        super().__init__(spark, uri)
        self.uri = self._root
        found = self._store.entry(self._root)
        self._one = found.name if found and not found.is_folder else ""
        if self._one:
            self._store = open_store(spark, re.sub(r"(?<=[:/])[^/]+$|/[^/]+$", "", self._root))
            self._root = self._store.root
        if next(self._files("", None), None) is None:
            passed = f"; {len(self._others)} files were passed over, as {self._others[0]}" if self._others else ""
            raise UsageError(
                f"there are no logs in {uri}{passed}; name a folder or file that holds some "
                f"({', '.join(_PLAIN)} or no suffix, also with .gz; .parquet)"
            )

    def others(self) -> list[str]:
        """The files that are not read, by path: of another kind by their name, or called . or _ something."""
        list(self._files("", None))
        return sorted(set(self._others))

    def _fault(self, uri: str) -> str | None:
        return None if self._exists("") else f"there are no logs at {uri}; name the folder or file that a gateway wrote"

    def _is_text(self, name: str) -> bool:
        return is_json_name(name) or (name == self._one and not name.endswith(PARQUET))

    def _listed(self, folder: str, day: date | None) -> Iterator[File | Unreadable]:
        """All files that are not empty, by path; a root that is a folder's name has no part in a file's."""
        assert folder == "", "logs have no folders of their own"
        assert day is None, "logs have no days of arrival"
        root = self._store.entry(self._store.at(self._one))
        for file in self._walk(root, self._one) if root else ():
            if isinstance(file, Unreadable):
                continue
            name = file.name.removeprefix("/")
            if self._is_text(name) or name.endswith(PARQUET):
                yield File(file.uri, name, file.size)
            else:
                self._others.append(name)

    def _hidden(self, name: str) -> None:
        self._others.append(name.removeprefix("/"))

    def _text(self, files: list[File], *, tolerant: bool) -> DataFrame:
        """Lines of text.

        A file that is one document over many lines is read whole, because a split one is not a document.
        """
        whole = [
            file.uri for file in files if not file.packed and _SPLIT < file.size <= _WHOLE and self._is_over_lines(file)
        ]
        if not whole:
            return super()._text(files, tolerant=tolerant)
        found = self._reader("text", tolerant).option("wholetext", "true").load(whole).select("_metadata", "value")
        lines = found.select("_metadata", F.explode(F.split("value", "\n")).alias("value"))
        others = [file for file in files if file.uri not in whole]
        if not others:
            return cast(DataFrame, lines)
        return cast(DataFrame, lines.unionByName(super()._text(others, tolerant=tolerant).select("_metadata", "value")))

    def _is_over_lines(self, file: File) -> bool:
        """Whether the first line of a file begins an object or array that it does not end."""
        begun = self._store.head(file.uri, _PEEK)
        first, newline, _ = begun.lstrip().partition("\n")
        if not newline or first[:1] not in ("{", "["):
            return False
        try:
            orjson.loads(first)
        except orjson.JSONDecodeError:
            return True
        return False


class DeltaLogs:
    """A Delta table of logs, as Databricks keeps those of its gateway: by path, or by name in the session's catalog."""

    def __init__(self, spark: SparkSession, uri: str, frame: DataFrame):
        self.uri, self._frame, self._spark = uri, frame, spark

    def lines(self, folder: str, *_: object, **__: object) -> DataFrame:
        """Each row as a line of JSON. Shapes: `LINES`."""
        return table_lines(self._frame, folder, self.uri)

    def unreadable(self, *_: object) -> list[Unreadable]:
        """None: a table is read whole or fails."""
        return []

    def passed_over(self, *_: object) -> list[PassedOver]:
        """None."""
        return []

    def others(self) -> list[str]:
        """None."""
        return []


def logs_at(spark: SparkSession, uri: str) -> Logs | DeltaLogs:
    """The logs at a URI: files, or a Delta table by its folder or its name.

    Raises UsageError if there is nothing there.
    """
    store = open_store(spark, uri)
    if store.entry(store.at("_delta_log")) is not None:
        return DeltaLogs(spark, uri, spark.read.format("delta").load(uri))
    if _TABLE.fullmatch(uri) and store.entry(store.root) is None and spark.catalog.tableExists(uri):
        return DeltaLogs(spark, uri, spark.table(uri))
    return Logs(spark, uri)
