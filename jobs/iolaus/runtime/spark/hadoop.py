"""Hadoop's file systems, which Spark uses: a public interface of Java, reached through PySpark's gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession

from iolaus.errors import UsageError
from iolaus.runtime.spark.errors import Py4JJavaError, first_line
from iolaus.runtime.spark.store import Entry, was_made

_WHOLE = 2**62  # characters: more than any file has


def jvm(spark: SparkSession) -> Any:
    """The classes of Java by their names; Any, for Java's objects have no types here."""
    return spark._jvm  # noqa: SLF001 - there is no other way to them


def configuration(spark: SparkSession) -> Any:
    """Hadoop's configuration of this session."""
    return spark._jsc.hadoopConfiguration()  # noqa: SLF001


class HadoopStore:
    """A `Store` of any file system that Hadoop knows. Raises UsageError if it cannot be opened."""

    def __init__(self, spark: SparkSession, uri: str):
        self._java = jvm(spark)
        self._conf = configuration(spark)
        self._path = self._java.org.apache.hadoop.fs.Path
        try:
            path = self._path(uri)
            self._files: Any = path.getFileSystem(self._conf)
            self._root = self._files.makeQualified(path)
        except Py4JJavaError as error:
            raise UsageError(
                f"{uri} cannot be opened: {first_line(error)}; check the URI and the access to it"
            ) from error
        self.root = str(self._root.toString())
        raw = self._root.toUri()
        authority = raw.getRawAuthority()
        self.prefix = (f"//{authority}" if authority else "") + raw.getRawPath().rstrip("/") + "/"

    def at(self, name: str) -> str:
        """See `Store`."""
        return str((self._path(self._root, name) if name else self._root).toString())

    def entry(self, uri: str) -> Entry | None:
        """See `Store`."""
        path = self._path(uri)
        return _entry(self._files.getFileStatus(path)) if self._files.exists(path) else None

    def children(self, uri: str) -> list[Entry]:
        """See `Store`."""
        return sorted((_entry(status) for status in self._files.listStatus(self._path(uri))), key=lambda e: e.name)

    def below(self, uri: str) -> list[str]:
        """See `Store`."""
        root = self._files.makeQualified(self._path(uri))
        top, found = str(root.toUri().getPath()).rstrip("/") + "/", []
        try:
            listed = self._files.listFiles(root, True)
            while listed.hasNext():
                found.append(str(listed.next().getPath().toUri().getPath()).removeprefix(top))
        except Py4JJavaError as error:
            if not _is_missing(error):
                raise
        return sorted(found)

    def make_folder(self, uri: str) -> None:
        """See `Store`."""
        self._files.mkdirs(self._path(uri))

    def move(self, source: str, target: str) -> None:
        """See `Store`."""
        self._files.delete(self._path(target), False)
        if not self._files.rename(self._path(source), self._path(target)):
            raise OSError(f"could not rename {source} to {target}")

    def remove(self, uri: str) -> None:
        """See `Store`."""
        self._files.delete(self._path(uri), True)

    def create(self, uri: str, text: str) -> bool:
        """See `Store`.

        On S3 with the condition that there is no such object (If-None-Match), which S3A checks when the file is closed.
        """
        try:
            builder = self._files.createFile(self._path(uri)).overwrite(False).recursive()
            _put(builder.opt("fs.option.create.conditional.overwrite", "true").build(), text)
        except Py4JJavaError as error:
            return was_made(self, uri, text, error)
        return True

    def write(self, uri: str, text: str) -> None:
        """See `Store`."""
        _put(self._files.createFile(self._path(uri)).overwrite(True).recursive().build(), text)

    def read(self, uri: str) -> str | None:
        """See `Store`."""
        try:
            with self._opened(uri) as stream:
                return str(self._java.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
        except Py4JJavaError as error:
            if _is_missing(error):
                return None
            raise

    def head(self, uri: str, size: int) -> str:
        """See `Store`."""
        io = self._java.org.apache.commons.io
        with self._opened(uri) as stream:
            return str(io.IOUtils.toString(io.input.BoundedInputStream(stream, size), "UTF-8"))

    def end(self, uri: str, size: int) -> int:
        """See `Store`."""
        with self._opened(uri) as stream:
            stream.seek(size - 4)
            return int.from_bytes(int(stream.readInt()).to_bytes(4, "big", signed=True), "little")

    def unpacked(self, uri: str) -> int:
        """See `Store`."""
        with self._opened(uri, packed=True) as stream:
            return int(self._java.org.apache.commons.io.IOUtils.consume(stream))

    def line_count(self, uri: str, *, packed: bool) -> int:
        """See `Store`."""
        io = self._java.java.io
        with self._opened(uri, packed=packed) as stream:
            reader = io.LineNumberReader(io.InputStreamReader(stream, "ISO-8859-1"))
            reader.skip(_WHOLE)
            return int(reader.getLineNumber())

    @contextmanager
    def _opened(self, uri: str, *, packed: bool = False) -> Iterator[Any]:
        """The bytes of a file, unpacked if it is `packed`: a stream of the JVM."""
        path = self._path(uri)
        stream = self._files.open(path)
        if packed:
            codecs = self._java.org.apache.hadoop.io.compress.CompressionCodecFactory(self._conf)
            stream = codecs.getCodec(path).createInputStream(stream)
        try:
            yield stream
        finally:
            stream.close()


def _entry(status: Any) -> Entry:
    path, is_folder = status.getPath(), bool(status.isDirectory())
    size = 0 if is_folder else int(status.getLen())
    return Entry(str(path.toString()), str(path.getName()), is_folder, size, int(status.getModificationTime()))


def _put(stream: Any, text: str) -> None:
    stream.write(bytearray(text.encode()))
    stream.close()


def _is_missing(error: Py4JJavaError) -> bool:
    return str(error.java_exception.getClass().getName()).endswith("FileNotFoundException")
