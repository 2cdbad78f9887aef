"""The few operations on a Hadoop file system that Spark's writers do not offer."""

from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from iolaus.errors import UsageError
from iolaus.runtime.spark import hadoop


class Files:
    """The file system of a URI. Raises UsageError if it cannot be opened."""

    def __init__(self, spark: SparkSession, uri: str):
        self._path: Any = hadoop.jvm(spark).org.apache.hadoop.fs.Path
        try:
            self._fs: Any = hadoop.file_system(spark, uri)
        except Py4JJavaError as error:
            message = str(error.java_exception.getMessage()).splitlines()[0]
            raise UsageError(f"{uri} cannot be opened: {message}; check the URI and the access to it") from error

    def any(self, name: str) -> bool:
        """Whether there is a file of that name, or anything in the folder."""
        path = self._path(name)
        if not self._fs.exists(path):
            return False
        return not self._fs.getFileStatus(path).isDirectory() or len(self._fs.listStatus(path)) > 0

    def children(self, folder: str, prefix: str) -> list[str]:
        """The names in a folder that begin so, in order; none if there is no folder."""
        if not self._fs.exists(self._path(folder)):
            return []
        names = (str(status.getPath().getName()) for status in self._fs.listStatus(self._path(folder)))
        return sorted(name for name in names if name.startswith(prefix))

    def make_folder(self, name: str) -> None:
        """A folder, and those above it, unless there is one."""
        self._fs.mkdirs(self._path(name))

    def move(self, source: str, target: str) -> None:
        """Give a file another name, and take the place of the file that had it."""
        self._fs.delete(self._path(target), False)
        if not self._fs.rename(self._path(source), self._path(target)):
            raise OSError(f"could not rename {source} to {target}")

    def remove(self, name: str) -> None:
        """A file, or a folder with all that is in it."""
        self._fs.delete(self._path(name), True)

    def text(self, name: str, content: str) -> None:
        """Write a small file, in place of any of that name."""
        stream = self._fs.create(self._path(name), True)
        stream.write(bytearray(content.encode()))
        stream.close()
