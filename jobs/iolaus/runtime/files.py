"""The few operations on files that Spark's writers do not offer."""

from pyspark.sql import SparkSession

from iolaus.runtime.spark.store import open_store


class Files:
    """The file system of a URI. Raises UsageError if it cannot be opened."""

    def __init__(self, spark: SparkSession, uri: str):
        self._store = open_store(spark, uri)

    def any(self, name: str) -> bool:
        """Whether there is a file of that name, or anything in the folder."""
        found = self._store.entry(name)
        return found is not None and (not found.is_folder or bool(self._store.children(name)))

    def children(self, folder: str, prefix: str) -> list[str]:
        """The names in a folder that begin so, in order; none if there is no folder."""
        if self._store.entry(folder) is None:
            return []
        return [found.name for found in self._store.children(folder) if found.name.startswith(prefix)]

    def make_folder(self, name: str) -> None:
        """A folder, and those above it, unless there is one."""
        self._store.make_folder(name)

    def move(self, source: str, target: str) -> None:
        """Give a file another name, and take the place of the file that had it."""
        self._store.move(source, target)

    def remove(self, name: str) -> None:
        """A file, or a folder with all that is in it."""
        self._store.remove(name)

    def text(self, name: str, content: str) -> None:
        """Write a small file, in place of any of that name."""
        self._store.write(name, content)
