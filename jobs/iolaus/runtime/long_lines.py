"""Lines too long to hold: passed over while a file is read, and reported.

A line of a gigabyte would end the program that reads it. Hadoop's reader can pass over lines from a given length on,
but says so only in its log. So where a file is large enough to have such a line, the bytes of all lines read are summed
in the same pass and compared with the bytes that are there. Those are the size of a plain file, or the last four bytes
of a gzip file: its unpacked size modulo 2^32 (RFC 1952), if it has one member. Only if they differ is each file looked
at, and the lines of one that lacks bytes are counted.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from iolaus.runtime.spark.store import Store

# sixteen times the longest prompt that is accepted: room for the rest of an exchange, and escapes
LINE_BYTES = 64 << 20
OPTION = "mapreduce.input.linerecordreader.line.maxlength"
_LONG = f"of over {LINE_BYTES >> 20} MiB"
SLACK = 8  # bytes in which a file and its lines may differ: no newline at its end, or a byte order mark
_DEFLATE_MOST = 1032  # to 1: no deflate stream unpacks to more
_WAIT = 20.0  # seconds for the sum after the pass has ended: Spark reports it from another thread


@dataclass(frozen=True)
class File:
    """A file of the landing."""

    uri: str
    name: str  # path below the landing
    size: int  # bytes, packed
    changed: int = 0  # when, in milliseconds since 1970, as its store says

    @property
    def packed(self) -> bool:
        """Whether it is gzip."""
        return self.name.endswith(".gz")

    @property
    def may_have_long_line(self) -> bool:
        """Whether it is large enough, unpacked, to have a line that is passed over."""
        return self.size * (_DEFLATE_MOST if self.packed else 1) >= LINE_BYTES


@dataclass(frozen=True)
class PassedOver:
    """A file with lines that were passed over: its path below the landing, and how many lines."""

    file: str
    lines: int

    @property
    def reason(self) -> str:
        """Why it could not be read whole."""
        return (
            f"a line {_LONG}, which was passed over"
            if self.lines == 1
            else f"{self.lines} lines {_LONG}, which were passed over"
        )


@dataclass(frozen=True)
class Watch:
    """A read whose lines are summed: its files, and the sum once an action has ended."""

    files: Sequence[File]
    observed: Observation

    def sum(self) -> int | None:
        """Bytes of the lines read, each with its newline; None if Spark did not report them."""
        found: list[int] = []
        waiting = threading.Thread(target=lambda: found.append(int(self.observed.get["bytes"] or 0)), daemon=True)
        waiting.start()  # `get` waits for ever if the frame was never read
        waiting.join(_WAIT)
        return found[0] if found else None


def watch(lines: DataFrame, files: Sequence[File]) -> tuple[DataFrame, Watch]:
    """The same lines, of the text column `value`, and their watch."""
    observed = Observation()
    return lines.observe(observed, F.sum(F.octet_length("value") + F.lit(1).cast("long")).alias("bytes")), Watch(
        files, observed
    )


def nothing_is_missing(watched: Watch, store: Store) -> bool:
    """Whether the lines read are all there are, as far as sizes and trailers tell."""
    seen = watched.sum()
    if seen is None:
        return False
    packed = [f for f in watched.files if f.packed]
    slack, plain = SLACK * len(watched.files), sum(f.size for f in watched.files if not f.packed)
    if not packed:
        return abs(seen - plain) <= slack
    with ThreadPoolExecutor(8) as pool:
        unpacked = sum(pool.map(lambda f: store.end(f.uri, f.size), packed))
    return (seen - plain - unpacked + slack) % 2**32 <= 2 * slack


def missing(file: File, lines: int, size: int, store: Store) -> PassedOver | None:
    """What was passed over of a file of which so many lines of so many bytes, with their newlines, were read.

    The driver reads a gzip file to its end, and any file of which bytes are missing: there, a carriage return within a
    line counts as the end of one.
    """
    there = store.unpacked(file.uri) if file.packed else file.size
    if there - size <= SLACK:
        return None
    return PassedOver(file.name, max(1, store.line_count(file.uri, packed=file.packed) - lines))
