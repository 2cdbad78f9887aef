"""A gateway's own logs, read as lines whatever the folders: what `iolaus adapt` reads."""

from collections.abc import Iterator
from datetime import date

from pyspark.sql import SparkSession

from iolaus.errors import UsageError
from iolaus.runtime.landing import Landing
from iolaus.runtime.long_lines import File

_PLAIN = (".jsonl", ".json", ".ndjson", ".log", ".txt")


class Logs(Landing):
    """The logs under one URI: a file, or a folder with all folders below it. Raises UsageError if there is nothing there."""

    text_kinds = tuple(f"{kind}{packed}" for kind in _PLAIN for packed in ("", ".gz"))

    def __init__(self, spark: SparkSession, uri: str):
        super().__init__(spark, uri)
        self.uri = str(self._root.toString())
        self._one = self._root.getName() if self._store.getFileStatus(self._root).isFile() else ""
        if self._one:
            self._root = self._root.getParent()
        if next(self._files("", None), None) is None:
            raise UsageError(
                f"there are no logs in {uri}; name a folder or file that holds some ({', '.join(_PLAIN)}, also with .gz; .parquet)"
            )

    def _fault(self, uri: str) -> str | None:
        return None if self._exists("") else f"there are no logs at {uri}; name the folder or file that a gateway wrote"

    def _files(self, folder: str, day: date | None) -> Iterator[File]:
        """All files that are not empty, by path; a root that is a folder's name has no part in a file's."""
        assert folder == "", "logs have no folders of their own"
        assert day is None, "logs have no days of arrival"
        root = self._hadoop.Path(self._root, self._one) if self._one else self._root
        for file in self._walk(self._store.getFileStatus(root), self._one):
            yield File(file.uri, file.name.removeprefix("/"), file.size)
