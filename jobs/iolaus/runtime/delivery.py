"""Delivers adapted logs to a landing. Files of one name replace what that name delivered before, and nothing else."""

import re
from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession

from iolaus.errors import UsageError
from iolaus.runtime.files import Files

_NO_DAY = "dt=__HIVE_DEFAULT_PARTITION__"
_SUFFIX = ".jsonl.gz"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Delivery:
    """A landing folder, made if there is none, to which files called `NAME-00000.jsonl.gz` are delivered.

    Raises UsageError if the name cannot be a file's, or the URI cannot be opened.
    """

    def __init__(self, spark: SparkSession, uri: str, name: str):
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} is not a name for files; use letters, digits, dots and dashes")
        self.uri, self.name = uri.rstrip("/"), name
        self._files = Files(spark, self.uri)

    def replace(self, rows: DataFrame, approve: Callable[[], None] = lambda: None) -> None:
        """Write lines (`folder`, `dt`, `value`) to FOLDER/dt=DAY/, or to FOLDER/ if they have no day.

        `approve` is called when everything is written and nothing is moved. If it raises, nothing is delivered.

        Everything is written aside first, in one pass over the rows. Then each new file takes the place of the old one
        of its name, and only then are old files without a successor removed. A rerun repairs what a killed run leaves.
        The driver lists this delivery's files, one or two per task and day.
        """
        aside = f"{self.uri}/_delivery-{self.name}"
        rows.select("folder", "dt", "value").write.partitionBy("folder", "dt").option("compression", "gzip").mode(
            "overwrite"
        ).text(aside)
        try:
            approve()
        except Exception:
            self._files.remove(aside)
            raise
        new = set()
        for folder in self._files.children(aside, "folder="):
            for day in self._files.children(f"{aside}/{folder}", "dt="):
                target = f"{self.uri}/{folder.removeprefix('folder=')}" + ("" if day == _NO_DAY else f"/{day}")
                self._files.make_folder(target)
                for number, part in enumerate(self._files.children(f"{aside}/{folder}/{day}", "part-")):
                    name = f"{target}/{self.name}-{number:05}{_SUFFIX}"
                    self._files.move(f"{aside}/{folder}/{day}/{part}", name)
                    new.add(name)
        for old in self._delivered():
            if old not in new:
                self._files.remove(old)
        self._files.remove(aside)

    def _delivered(self) -> list[str]:
        """Every file of this name in the landing."""
        days = [f"{self.uri}/exchanges/{day}" for day in self._files.children(f"{self.uri}/exchanges", "dt=")]
        folders = (*days, f"{self.uri}/accounts", f"{self.uri}/quarantine")
        own = re.compile(rf"{re.escape(self.name)}-\d{{5,}}{re.escape(_SUFFIX)}")
        return [
            f"{folder}/{file}"
            for folder in folders
            for file in self._files.children(folder, self.name)
            if own.fullmatch(file)
        ]
