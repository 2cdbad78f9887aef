"""Small files of the lake, on any file system: whole or not there, and made by just one of many who try.

On a local disk a file is made by the operating system's exclusive create. On an object store it is made with the
condition that there is no such object.
"""

import re
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from pyspark.sql import SparkSession

from iolaus.runtime.spark.store import open_store


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
        self._store = open_store(spark, folder)

    def names(self) -> list[str]:
        return [name for name in self._store.below(self._store.root) if name.endswith(".json")]

    def create(self, name: str, text: str) -> bool:
        return self._store.create(self._store.at(name), text)

    def write(self, name: str, text: str) -> None:
        self._store.write(self._store.at(name), text)

    def read(self, name: str) -> str | None:
        return self._store.read(self._store.at(name))

    def delete(self, name: str) -> None:
        self._store.remove(self._store.at(name))
