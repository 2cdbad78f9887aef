"""The landing: the folder that gateways append to, read as lines of JSON.

Each of its four folders becomes one DataFrame, one row a line, whatever the files are: `.jsonl`,
`.jsonl.gz` or `.parquet` (whose rows are written as JSON, so that one parser serves all).

A broken file must stop nothing, and finding it must cost nothing while there is none. So a read is
strict: Spark fails at the first file that it cannot decompress or decode, and no file is read twice.
Only after such a failure does the caller ask `Landing.unreadable` which files are at fault, which reads
the folder once more, in groups, and halves the groups that fail. `Landing.lines` is then given the
answer: it reads those files tolerantly, which keeps the rows before the break, and adds one row for
each of them, with the reason, for the quarantine. A failure of the store (no such file, no access, no
network) is no fault of a file: it is raised.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, cast

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from iolaus.errors import UsageError
from iolaus.runtime import long_lines, odd_parquet
from iolaus.runtime.lines import JSON_LINES, KINDS, LINES, PARQUET, as_json, cleaned
from iolaus.runtime.long_lines import File, PassedOver, Watch
from iolaus.runtime.refused import day_of, edited, leads_out, link, strays
from iolaus.runtime.spark.errors import STORE, Py4JJavaError, first_line
from iolaus.runtime.spark.store import Entry, open_store
from iolaus.runtime.unreadable import Unreadable, is_odd, why_unreadable
from iolaus.schemas.table import STRING

_SHARDS = 32  # groups that a search for unreadable files starts from
_READ_ERRORS = (Py4JJavaError, PySparkException)


class Landing:
    """The landing under one URI of any file system that Spark knows.

    Raises UsageError if there is no such folder, or no folder `exchanges` in it.
    """

    text_kinds: tuple[str, ...] = JSON_LINES
    follows_links = False  # out of the folder: whoever writes to a landing could name any file of this machine

    def __init__(self, spark: SparkSession, uri: str):
        self.spark = spark
        self._watched: dict[tuple[str, date | None], Watch] = {}
        # Nanoseconds, which pandas writes, are otherwise a type that Spark refuses to read.
        spark.conf.set("spark.sql.legacy.parquet.nanosAsLong", "true")
        try:
            self._store = open_store(spark, uri)
            self._root = self._store.root
            fault = self._fault(uri)
        except STORE as error:
            raise UsageError(
                f"{uri} cannot be opened: {first_line(error)}; check the URI and the access to it"
            ) from error
        if fault:
            raise UsageError(fault)

    def _fault(self, uri: str) -> str | None:
        """What makes the folder none that can be read, and the mend; None if nothing does."""
        if not self._exists(""):
            return (
                f"there is no landing folder {uri}; name one with --landing, or make one with: iolaus simulate "
                "--out DIR"
            )
        if not self._exists("exchanges"):
            return f"the landing {uri} has no folder exchanges; put exchanges/dt=YYYY-MM-DD/ there, as the README says"
        return None

    def lines(
        self, folder: str, day: date | None, unreadable: Sequence[Unreadable] = (), *, watched: bool = False
    ) -> DataFrame:
        """The lines of `exchanges` that arrived on `day`, or of the undated `accounts`, `models` or `agreements`.

        The columns are those of `LINES`. Files and folders that begin with `_` or `.`, empty files and blank
        lines are skipped; a day without a folder, and a missing undated folder, have no rows. A file of
        another kind has one row that says so, as does what lies beside the folders of days, and a link out of the
        landing. Raises Spark's error, here or when the rows are read, if a
        file that is not named in `unreadable` cannot be read. Lines of over 64 MiB are passed over; if `watched`,
        `passed_over` tells, once the rows were read, which files have any.
        """
        found = list(self._listed(folder, day))
        files = [f for f in found if isinstance(f, File)]
        broken = {u.file: u.reason for u in unreadable}
        marks = [f for f in found if isinstance(f, Unreadable)]
        marks += [
            Unreadable(f.name, self._expected())
            for f in files
            if not (self._is_text(f.name) or f.name.endswith(PARQUET))
        ]
        odd = {u.file for u in unreadable if u.by_arrow}
        marks += [Unreadable(f.name, broken[f.name]) for f in files if f.name in broken and f.name not in odd]
        sound = [f for f in files if f.name not in broken]
        frames = self._read(folder, sound, tolerant=False, watch_as=(folder, day) if watched else None)
        frames += self._read(folder, [f for f in files if f.name in broken and f.name not in odd], tolerant=True)
        frames += self._odd(folder, [f for f in files if f.name in odd])
        rows = [(None, mark.file, -1, mark.reason) for mark in marks]
        result = self.spark.createDataFrame(rows, LINES) if rows or not frames else frames.pop()
        for frame in frames:
            result = result.unionByName(frame)
        return result

    def has_folder(self, day: date) -> bool:
        """Whether there is a folder of exchanges that arrived on a day."""
        return self._exists(f"exchanges/dt={day.isoformat()}")

    def state(self, folder: str, day: date) -> str | None:
        """A digest of a folder's files, by name, size and time of change; None if there is no such folder.

        Of `exchanges`, those that arrived on `day`. It changes with any file that comes, goes or is written again.
        """
        own = f"{folder}/dt={day.isoformat()}" if folder == "exchanges" else folder
        listed = [f for f in self._listed(folder, day) if (f.name if isinstance(f, File) else f.file).startswith(own)]
        if not listed and not any(self._exists(own + kind) for kind in ("", *KINDS)):
            return None
        told = [(f.name, f.size, f.changed) if isinstance(f, File) else (f.file, f.reason) for f in listed]
        return sha256(repr(told).encode()).hexdigest()[:16]

    def has_files(self, day: date) -> bool:
        """Whether any file of exchanges that arrived on a day has anything in it."""
        return next(self._files("exchanges", day), None) is not None

    def days(self) -> list[date]:
        """The days of arrival that have a folder, in order; the driver lists `exchanges`, not what is in it."""
        children = self._store.children(self._store.at("exchanges"))
        return sorted(day for child in children if child.is_folder and (day := day_of(child.name)))

    def unreadable(self, folder: str, day: date | None) -> list[Unreadable]:
        """The files that `lines` fails on, in order. Costs about one reading of the folder.

        The search reads the files in up to 32 groups and halves each group that fails, so k broken files cost
        about k groups more. Raises Spark's error if a file fails for another reason than its content.
        """
        found: list[Unreadable] = []
        for of_kind in (self._is_text, lambda name: name.endswith(PARQUET)):
            files = [f for f in self._files(folder, day) if of_kind(f.name)]
            size = max(1, -(-len(files) // _SHARDS), min(_SHARDS, len(files)))
            for start in range(0, len(files), size):
                found += self._search(folder, files[start : start + size])
        return sorted(found, key=lambda u: u.file)

    def _is_text(self, name: str) -> bool:
        return name.endswith(self.text_kinds)

    def _expected(self) -> str:
        return f"not a {', '.join(self.text_kinds)} or {PARQUET} file"

    def _search(self, folder: str, files: list[File]) -> list[Unreadable]:
        try:
            for frame in self._read(folder, files, tolerant=False):
                frame.agg(F.max(F.octet_length("line"))).collect()  # reads every byte, and returns one number
            return []
        except _READ_ERRORS as error:
            if len(files) == 1:
                return [self._unreadable(files[0], error)]
        half = len(files) // 2
        return self._search(folder, files[:half]) + self._search(folder, files[half:])

    @staticmethod
    def _unreadable(file: File, error: Exception) -> Unreadable:
        reason = why_unreadable(file.name, error)
        if not is_odd(file.name, error):
            return Unreadable(file.name, reason)
        if file.size > odd_parquet.WHOLE:
            return Unreadable(file.name, f"{reason}; write such columns as text, or files of up to 128 MiB")
        return Unreadable(file.name, reason, by_arrow=True)

    def _odd(self, folder: str, files: list[File]) -> list[DataFrame]:
        """The lines of sound Parquet that Spark does not read."""
        frames = []
        for group in odd_parquet.groups(files):
            found = self._reader("binaryFile", tolerant=False).load([f.uri for f in group])
            rows = odd_parquet.read(found, folder)
            frames.append(self._lines(rows, F.col("line"), F.col("path"), F.col("unreadable")))
        return frames

    def _exists(self, name: str) -> bool:
        return self._store.entry(self._store.at(name)) is not None

    def _files(self, folder: str, day: date | None) -> Iterator[File]:
        """The files of a folder that are read, by name."""
        return (found for found in self._listed(folder, day) if isinstance(found, File))

    def _listed(self, folder: str, day: date | None) -> Iterator[File | Unreadable]:
        """The files of a folder that are not empty, by name, and what is not read. The driver lists no other folder."""
        if folder == "exchanges":
            assert day is not None, "exchanges are read by day of arrival"
            tops = [f"exchanges/dt={day.isoformat()}"]
            yield from strays(self._store.children(self._store.at(folder)))
        else:
            tops = [folder, *(folder + kind for kind in KINDS)]
        for top in tops:
            if found := self._store.entry(self._store.at(top)):
                yield from self._walk(found, top)

    def _walk(self, found: Entry, name: str) -> Iterator[File | Unreadable]:
        if not self.follows_links and leads_out(self._root, found.uri):
            yield link(name)
            return
        if not found.is_folder:
            if found.size > 0:
                yield File(found.uri, name, found.size, found.modified)
            return
        children = self._store.children(found.uri)
        unlike = edited(name, children)
        for child in children:
            base = child.name
            if base.startswith(("_", ".")):
                self._hidden(f"{name}/{base}")
            elif base in unlike:
                yield unlike[base]
            else:
                yield from self._walk(child, f"{name}/{base}")

    def _hidden(self, name: str) -> None:
        """What is passed over for its name: in a landing it is what writers leave behind."""

    def passed_over(self, folder: str, day: date | None) -> list[PassedOver]:
        """The files, in order, with lines too long to hold, of the rows that `lines` gave to be watched and were read.

        Costs a look at the end of each gzip file of the folder if one is large, and a second reading only if lines are
        missing.
        """
        seen = self._watched.pop((folder, day), None)
        if seen is None or long_lines.nothing_is_missing(seen, self._store):
            return []
        return [found for file in seen.files if file.may_have_long_line and (found := self._missing(file))]

    def _missing(self, file: File) -> PassedOver | None:
        lines = self._text([file], tolerant=False)
        read = lines.agg(
            F.count("value").alias("n"), F.sum(F.octet_length("value") + F.lit(1).cast("long")).alias("size")
        ).first()
        assert read is not None
        return long_lines.missing(file, read.n, read.size or 0, self._store)

    def _text(self, files: list[File], *, tolerant: bool) -> DataFrame:
        reader = (
            self._reader("text", tolerant).option("lineSep", "\n").option(long_lines.OPTION, str(long_lines.LINE_BYTES))
        )
        return cast(DataFrame, reader.load([f.uri for f in files]))

    def _read(
        self, folder: str, files: list[File], *, tolerant: bool, watch_as: tuple[str, date | None] | None = None
    ) -> list[DataFrame]:
        """The lines of the files: one frame for all of text, and for Parquet one a schema."""
        frames = []
        text = [f for f in files if self._is_text(f.name)]
        if text:
            found = self._text(text, tolerant=tolerant)
            if watch_as and any(f.may_have_long_line for f in text):
                found, self._watched[watch_as] = long_lines.watch(found, text)
            frames.append(self._lines(found, cleaned(F.col("value"))))
        parquet = [f.uri for f in files if f.name.endswith(PARQUET) and not self._is_text(f.name)]
        groups = ([uri] for uri in parquet) if tolerant else iter([parquet] if parquet else [])
        for group in groups:
            try:
                frames += [
                    self._lines(frame, as_json(folder, frame.schema)) for frame in self._parquet(group, tolerant)
                ]
            except _READ_ERRORS as error:
                if not tolerant:
                    raise
                why_unreadable(group[0], error)  # raises what is no fault of the file
                # tolerated: not even the schema can be read, so there are no rows
        return frames

    def _reader(self, source: str, tolerant: bool) -> Any:
        reader = self.spark.read.format(source).option("ignoreCorruptFiles", str(tolerant).lower())
        # Paths are taken as they are: no wildcards in names, no columns from folders such as dt=….
        return reader.option("__globPaths__", "false").option("recursiveFileLookup", "true")

    def _parquet(self, uris: list[str], tolerant: bool) -> list[DataFrame]:
        """The rows of Parquet files, with all columns of all files; a frame for each schema if they contradict."""
        reader = self._reader("parquet", tolerant).option("mergeSchema", "true")
        try:
            return [reader.load(uris)]
        except _READ_ERRORS as error:
            if "CANNOT_MERGE_SCHEMAS" not in str(error) or len(uris) == 1:
                raise
        groups: dict[str, list[str]] = {}
        for uri in uris:  # one footer a file, on the driver: only for a day whose files contradict each other
            groups.setdefault(reader.load([uri]).schema.json(), []).append(uri)
        return [reader.load(group) for group in groups.values()]

    def _lines(
        self, frame: DataFrame, line: Column, path: Column | None = None, unreadable: Column | None = None
    ) -> DataFrame:
        """The rows of one read as `LINES`; the path is that of Spark's own reading, unless it is given.

        Spark hands out the parts of a file to tasks in the order of the file, so the number of a row in
        the read grows along each file, however the file was split.
        """
        prefix = self._store.prefix
        path = F.col("_metadata.file_path") if path is None else path
        below = F.substring(path, F.locate(prefix, path) + len(prefix), F.length(path))
        decoded = F.url_decode(F.replace(below, F.lit("+"), F.lit("%2B")))
        file = F.when(F.contains(below, F.lit("%")), decoded).otherwise(below)
        position = F.monotonically_increasing_id()
        rows = frame.select(
            line.alias("line"),
            file.alias("source_file"),
            position.alias("position"),
            (F.lit(None).cast(STRING) if unreadable is None else unreadable).alias("unreadable"),
        )
        return rows.where((F.trim("line") != "") | F.col("unreadable").isNotNull())
