"""Small files of the lake, on any file system: whole or not there, and made by just one of many who try.

On a local disk a file is made by the operating system's exclusive create. On an object store it is made with the
condition that there is no such object.
"""

import re

from pyspark.sql import SparkSession

from iolaus.runtime.spark.local_store import LocalStore
from iolaus.runtime.spark.store import Store, open_store


class SmallFiles:
    """Files under one folder, by their path below it."""

    def __init__(self, store: Store):
        self._store = store

    def names(self) -> list[str]:
        """All files, at any depth, in order."""
        return [name for name in self._store.below(self._store.root) if name.endswith(".json")]

    def create(self, name: str, text: str) -> bool:
        """Make a file; False, and nothing is changed, if there is one."""
        return self._store.create(self._store.at(name), text)

    def write(self, name: str, text: str) -> None:
        """Write a file whole, over what there was."""
        self._store.write(self._store.at(name), text)

    def read(self, name: str) -> str | None:
        """What is in a file; None if there is none."""
        return self._store.read(self._store.at(name))

    def delete(self, name: str) -> None:
        """Remove a file, if there is one."""
        self._store.remove(self._store.at(name))


def small_files(spark: SparkSession, folder: str) -> SmallFiles:
    """The files under a folder of the local disk, which takes no Java, or of another file system by its URI."""
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]+):", folder)
    if scheme is None or scheme[1] == "file":
        return SmallFiles(LocalStore(re.sub(r"^file:(//)?", "", folder)))
    return SmallFiles(open_store(spark, folder))
