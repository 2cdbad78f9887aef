"""Small files of the lake, on any file system: whole or not there, and made by just one of many who try.

On a local disk a file is made by the operating system's exclusive create. On a store that Hadoop reads it is made
through Hadoop's createFile without overwriting, and on S3 with the condition that there is no such object
(If-None-Match), which S3A checks when the file is closed.
"""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from iolaus.runtime.spark import hadoop


class SmallFiles(Protocol):
    """Files under one folder, by their path below it."""

    def names(self) -> list[str]:
        """All files, at any depth, in order."""

    def create(self, name: str, text: str) -> bool:
        """Make a file; False, and nothing is changed, if there is one."""

    def write(self, name: str, text: str) -> None:
        """Write a file whole, over what there was."""

    def read(self, name: str) -> str | None:
        """What is in a file; None if there is none."""

    def delete(self, name: str) -> None:
        """Remove a file, if there is one."""


def small_files(spark: SparkSession, folder: str) -> SmallFiles:
    """The files under a folder of the local disk, or of another file system by its URI."""
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]+):", folder)
    if scheme is None or scheme[1] == "file":
        return _Disk(Path(re.sub(r"^file:(//)?", "", folder)))
    return _Store(spark, folder)


class _Disk:
    def __init__(self, folder: Path):
        self._folder = folder

    def names(self) -> list[str]:
        return sorted(str(f.relative_to(self._folder)) for f in self._folder.rglob("*.json"))

    def create(self, name: str, text: str) -> bool:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            return False
        return True

    def write(self, name: str, text: str) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{uuid4().hex}")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)  # whoever reads it finds the old text or the new, never half of one

    def read(self, name: str) -> str | None:
        try:
            return (self._folder / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError):
            (self._folder / name).unlink()


class _Store:
    def __init__(self, spark: SparkSession, folder: str):
        self._java = hadoop.jvm(spark)
        self._path = self._java.org.apache.hadoop.fs.Path
        path = self._path(folder)
        self._files = hadoop.file_system(spark, folder)
        self._root = self._files.makeQualified(path)

    def _at(self, name: str) -> Any:
        return self._path(self._root, name)

    def names(self) -> list[str]:
        top, found = str(self._root.toUri().getPath()).rstrip("/") + "/", []
        try:
            listed = self._files.listFiles(self._root, True)
            while listed.hasNext():
                found.append(str(listed.next().getPath().toUri().getPath()).removeprefix(top))
        except Py4JJavaError as error:
            if not _is(error, "FileNotFoundException"):
                raise
        return sorted(n for n in found if n.endswith(".json"))

    def create(self, name: str, text: str) -> bool:
        try:
            builder = self._files.createFile(self._at(name)).overwrite(False).recursive()
            self._put(builder.opt("fs.option.create.conditional.overwrite", "true").build(), text)
        except Py4JJavaError:
            found = self.read(name)  # each store says in its own way that somebody was faster
            if found is None:
                raise
            return found == text  # or that a first try, of which the answer was lost, had succeeded
        return True

    def write(self, name: str, text: str) -> None:
        self._put(self._files.createFile(self._at(name)).overwrite(True).recursive().build(), text)

    def _put(self, stream: Any, text: str) -> None:
        stream.write(bytearray(text.encode()))
        stream.close()

    def read(self, name: str) -> str | None:
        try:
            stream = self._files.open(self._at(name))
        except Py4JJavaError as error:
            if _is(error, "FileNotFoundException"):
                return None
            raise
        try:
            return str(self._java.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
        finally:
            stream.close()

    def delete(self, name: str) -> None:
        self._files.delete(self._at(name), False)


def _is(error: Py4JJavaError, kind: str) -> bool:
    return str(error.java_exception.getClass().getName()).endswith(kind)
