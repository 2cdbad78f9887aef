"""A store of folders of this machine, without Spark's JVM."""

import gzip
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO, cast
from urllib.parse import quote
from uuid import uuid4

from iolaus.runtime.spark.store import Entry

CHUNK = 1 << 20  # bytes that are read at a time
_AS_IT_IS = "/!$&'()*+,;=:@~"  # what Java leaves as it is in a path of a URI


def _line_count(stream: IO[bytes]) -> int:
    """Lines that end, in a newline, a carriage return or both."""
    lines, ended = 0, b""
    while part := stream.read(CHUNK):
        both = part.count(b"\r\n") + (ended == b"\r" and part[:1] == b"\n")
        lines, ended = lines + part.count(b"\n") + part.count(b"\r") - both, part[-1:]
    return lines


def _length(stream: IO[bytes]) -> int:
    length = 0
    while part := stream.read(CHUNK):
        length += len(part)
    return length


class Streams:
    """What is read of a file as a stream of bytes."""

    def _opened(self, uri: str) -> IO[bytes]:
        raise NotImplementedError

    def head(self, uri: str, size: int) -> str:
        """See `Store`."""
        with self._opened(uri) as stream:
            return stream.read(size).decode("utf-8", "replace")

    def end(self, uri: str, size: int) -> int:
        """See `Store`."""
        with self._opened(uri) as stream:
            stream.seek(size - 4)
            return int.from_bytes(stream.read(4), "little")

    def unpacked(self, uri: str) -> int:
        """See `Store`."""
        with self._opened(uri) as stream:
            return _length(cast(IO[bytes], gzip.GzipFile(fileobj=stream)))

    def line_count(self, uri: str, *, packed: bool) -> int:
        """See `Store`."""
        with self._opened(uri) as stream:
            return _line_count(cast(IO[bytes], gzip.GzipFile(fileobj=stream)) if packed else stream)


class LocalStore(Streams):
    """A `Store` of a folder of this machine."""

    def __init__(self, folder: str):
        path = Path(folder).absolute()
        self.root = f"file:{path}"
        self.prefix = quoted(str(path)).rstrip("/") + "/"

    def at(self, name: str) -> str:
        """See `Store`."""
        return f"{self.root.rstrip('/')}/{name}" if name else self.root

    def entry(self, uri: str) -> Entry | None:
        """See `Store`."""
        path = _path(uri)
        return _entry(path) if path.exists() else None

    def children(self, uri: str) -> list[Entry]:
        """See `Store`. A link to nothing is passed over."""
        return [_entry(path) for path in sorted(_path(uri).iterdir(), key=lambda p: p.name) if path.exists()]

    def below(self, uri: str) -> list[str]:
        """See `Store`."""
        top = _path(uri)
        return sorted(str(path.relative_to(top)) for path in top.rglob("*") if path.is_file())

    def make_folder(self, uri: str) -> None:
        """See `Store`."""
        _path(uri).mkdir(parents=True, exist_ok=True)

    def move(self, source: str, target: str) -> None:
        """See `Store`. Hadoop's checksums go, for the file that they are of has another name."""
        _path(source).replace(_path(target))
        for moved in (_path(source), _path(target)):
            moved.with_name(f".{moved.name}.crc").unlink(missing_ok=True)

    def remove(self, uri: str) -> None:
        """See `Store`."""
        path = _path(uri)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def create(self, uri: str, text: str) -> bool:
        """See `Store`."""
        path = _path(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
            file.write(text)
            return True
        return False

    def write(self, uri: str, text: str) -> None:
        """See `Store`. Whoever reads the file finds the old text or the new, never half of one."""
        path = _path(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{uuid4().hex}")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
        path.with_name(f".{path.name}.crc").unlink(missing_ok=True)

    def read(self, uri: str) -> str | None:
        """See `Store`."""
        try:
            return _path(uri).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def _opened(self, uri: str) -> IO[bytes]:
        return _path(uri).open("rb")


def _path(uri: str) -> Path:
    return Path(re.sub(r"^file:(//)?", "", uri))


def _entry(path: Path) -> Entry:
    of, is_folder = path.stat(), path.is_dir()
    size = 0 if is_folder else of.st_size
    return Entry(f"file:{path}", path.name, is_folder, size, int(of.st_mtime * 1000))


def quoted(path: str) -> str:
    """A path as it stands in a URI of Java's: letters of every script are left as they are."""
    return "".join(part if ord(part) > 127 else quote(part, safe=_AS_IT_IS) for part in path)
