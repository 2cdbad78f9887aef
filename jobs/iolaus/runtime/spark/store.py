"""Files and folders where landings and lakes lie: through Spark's own file systems, or without them on Spark Connect.

A classic session has Hadoop's file systems in its JVM (`hadoop`). A Connect client has no JVM: folders of this machine
are read as such, and object stores through a library of their own (`object_store`). What the runtime needs of either is
here.
"""

from dataclasses import dataclass
from typing import Protocol

from pyspark.sql import SparkSession

from iolaus.runtime.spark.connect import is_connect


@dataclass(frozen=True)
class Entry:
    """A file or a folder."""

    uri: str  # as Spark reads it
    name: str  # the last part of its path
    is_folder: bool
    size: int  # bytes; 0 of a folder
    modified: int  # milliseconds since 1970


class Store(Protocol):
    """The file system of a root URI; other files of it are named by their URIs.

    Raises OSError, or another error of `errors.STORE`, where the store does not answer.
    """

    root: str  # the root's URI, absolute
    prefix: str  # the root as it stands in `_metadata.file_path`, from the authority on, with a slash at its end

    def at(self, name: str) -> str:
        """The URI of a path below the root; the root's of the empty path."""

    def entry(self, uri: str) -> Entry | None:
        """What is at a URI; None if nothing is."""

    def children(self, uri: str) -> list[Entry]:
        """What is in a folder, by name."""

    def below(self, uri: str) -> list[str]:
        """The paths of all files at any depth of a folder, from that folder, in order; none if there is no folder."""

    def make_folder(self, uri: str) -> None:
        """A folder, and those above it, unless there is one."""

    def move(self, source: str, target: str) -> None:
        """Give a file another name, and take the place of the file that had it; or a folder a name that is free."""

    def remove(self, uri: str) -> None:
        """A file, or a folder with all that is in it, if there is one."""

    def create(self, uri: str, text: str) -> bool:
        """Make a file; False, and nothing is changed, if there is one."""

    def write(self, uri: str, text: str) -> None:
        """Write a small file whole, over what there was."""

    def read(self, uri: str) -> str | None:
        """What is in a small file; None if there is none."""

    def head(self, uri: str, size: int) -> str:
        """The text of the first bytes of a file."""

    def end(self, uri: str, size: int) -> int:
        """The last four bytes of a file of so many bytes, as an unsigned number with its lowest byte first."""

    def unpacked(self, uri: str) -> int:
        """Bytes in a gzip file when it is unpacked; reads it to its end."""

    def line_count(self, uri: str, *, packed: bool) -> int:
        """Lines of a file, of gzip if it is `packed`; a carriage return ends one, too. Reads it to its end."""


def was_made(store: Store, uri: str, text: str, error: Exception) -> bool:
    """Whether a file that could not be created is this one all the same: a first try had made it, its answer was lost.

    Each store says in its own way that somebody was faster. Raises the error if there is no file.
    """
    found = store.read(uri)
    if found is None:
        raise error
    return found == text


def open_store(spark: SparkSession, uri: str) -> Store:
    """The store of a URI. Raises UsageError if it cannot be opened."""
    if is_connect(spark):
        from iolaus.runtime.spark.object_store import without_spark  # noqa: PLC0415 - its library is of an extra

        return without_spark(uri)
    from iolaus.runtime.spark.hadoop import HadoopStore  # noqa: PLC0415 - a Connect client may have no py4j

    return HadoopStore(spark, uri)
