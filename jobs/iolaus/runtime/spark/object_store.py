"""Stores without Spark's JVM, for Spark Connect: folders of this machine, and object stores through obstore.

A folder of this machine must be the server's, too, under the same path. Credentials of an object store come from the
environment (AWS_…, AZURE_…, GOOGLE_…), as those of all that reads a lake without Spark.
"""

import re
from contextlib import suppress
from typing import IO, Any, Self

from iolaus.errors import UsageError
from iolaus.runtime.spark.errors import first_line
from iolaus.runtime.spark.local_store import CHUNK, LocalStore, Streams, quoted
from iolaus.runtime.spark.store import Entry, Store, was_made


def without_spark(uri: str) -> Store:
    """The store of a URI. Raises UsageError if it cannot be opened, or obstore is missing."""
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]+):", uri)
    if scheme is None or scheme[1] == "file":
        return LocalStore(re.sub(r"^file:(//)?", "", uri))
    return ObjectStore(uri)


class ObjectStore(Streams):
    """A `Store` of a bucket, or what an account of Azure's calls a container; `given` is obstore's, opened."""

    def __init__(self, uri: str, given: Any = None):
        try:
            import obstore  # noqa: PLC0415 - of the extra `connect`
        except ImportError as error:
            raise UsageError(
                'object stores on Spark Connect need the extra connect; install it: pip install "iolaus[connect]"'
            ) from error
        found = re.fullmatch(r"([a-zA-Z][a-zA-Z0-9+.-]+)://([^/]+)/*(.*?)/*", uri)
        if not found:
            raise UsageError(f"{uri} is not the URI of an object store; write it as s3://bucket/folder")
        self._obs, self._top = obstore, f"{found[1]}://{found[2]}"
        scheme = {"s3a": "s3", "s3n": "s3"}.get(found[1].lower(), found[1].lower())
        try:
            self._bucket = given or obstore.store.from_url(f"{scheme}://{found[2]}")
        except Exception as error:
            raise UsageError(
                f"{uri} cannot be opened: {first_line(error)}; check the URI and the access to it"
            ) from error
        self.root = f"{self._top}/{found[3]}" if found[3] else self._top
        self.prefix = f"//{found[2]}/" + (f"{quoted(found[3])}/" if found[3] else "")

    def at(self, name: str) -> str:
        """See `Store`."""
        return f"{self.root}/{name}" if name else self.root

    def _key(self, uri: str) -> str:
        return uri.removeprefix(self._top).strip("/")

    def entry(self, uri: str) -> Entry | None:
        """See `Store`. A folder is there if anything is in it."""
        key = self._key(uri)
        name = key.rpartition("/")[2]
        if key:
            try:
                return _object(self._top, self._obs.head(self._bucket, key))
            except FileNotFoundError:
                pass
        listed = self._obs.list_with_delimiter(self._bucket, prefix=f"{key}/" if key else None)
        is_there = not key or listed["common_prefixes"] or listed["objects"]
        return Entry(uri, name, True, 0, 0) if is_there else None

    def children(self, uri: str) -> list[Entry]:
        """See `Store`."""
        key = self._key(uri)
        listed = self._obs.list_with_delimiter(self._bucket, prefix=f"{key}/" if key else None)
        folders = [
            Entry(f"{self._top}/{folder.strip('/')}", folder.strip("/").rpartition("/")[2], True, 0, 0)
            for folder in listed["common_prefixes"]
        ]
        files = [_object(self._top, found) for found in listed["objects"] if found["path"].strip("/") != key]
        return sorted([*folders, *files], key=lambda e: e.name)

    def below(self, uri: str) -> list[str]:
        """See `Store`."""
        top = f"{self._key(uri)}/".lstrip("/")
        parts = self._obs.list(self._bucket, prefix=top or None)
        return sorted(str(found["path"]).removeprefix(top) for part in parts for found in part)

    def make_folder(self, uri: str) -> None:
        """See `Store`. An object store has no folders to make."""

    def move(self, source: str, target: str) -> None:
        """See `Store`. A folder's objects are copied one by one: cut off, some are in either place."""
        names = [f"/{name}" for name in self.below(source)] or [""]
        for name in names:
            self._obs.rename(self._bucket, self._key(source) + name, self._key(target) + name, overwrite=True)

    def remove(self, uri: str) -> None:
        """See `Store`."""
        for name in self.below(uri):
            self._obs.delete(self._bucket, f"{self._key(uri)}/{name}")
        with suppress(FileNotFoundError):
            self._obs.delete(self._bucket, self._key(uri))

    def create(self, uri: str, text: str) -> bool:
        """See `Store`. With the condition that there is no such object (on S3, If-None-Match)."""
        try:
            self._obs.put(self._bucket, self._key(uri), text.encode(), mode="create", use_multipart=False)
        except self._obs.exceptions.BaseError as error:
            return was_made(self, uri, text, error)
        return True

    def write(self, uri: str, text: str) -> None:
        """See `Store`."""
        self._obs.put(self._bucket, self._key(uri), text.encode(), use_multipart=False)

    def read(self, uri: str) -> str | None:
        """See `Store`."""
        try:
            return bytes(self._obs.get(self._bucket, self._key(uri)).bytes()).decode()
        except FileNotFoundError:
            return None

    def _opened(self, uri: str) -> IO[bytes]:
        return _Reading(self._obs.open_reader(self._bucket, self._key(uri), buffer_size=CHUNK))  # type: ignore[return-value]


class _Reading:
    """obstore's reader, whose bytes are its own buffers, as a stream of Python's bytes."""

    def __init__(self, reader: Any):
        self._reader = reader

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end."""
        return bytes(self._reader.read(None if size < 0 else size))

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return int(self._reader.seek(offset, whence))


def _object(top: str, found: Any) -> Entry:
    path = str(found["path"])
    when = int(found["last_modified"].timestamp() * 1000)
    return Entry(f"{top}/{path}", path.rpartition("/")[2], False, int(found["size"]), when)
