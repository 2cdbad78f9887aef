"""Lines too long to hold: passed over while a file is read, and told of.

A line of a gigabyte would end the program that reads it. Hadoop's reader can pass over lines from a given length on,
but says so only in its log. So where a file is large enough to have such a line, the bytes of all lines read are summed
in the same pass and compared with the bytes there are: the size of a plain file, or the last four bytes of a gzip file,
which are its unpacked size modulo 2^32 (RFC 1952) if it has one member. Only where they differ is each file looked at.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

LINE_BYTES = 64 << 20  # sixteen times the longest prompt that is accepted: room for the rest of an exchange, and escapes
OPTION = "mapreduce.input.linerecordreader.line.maxlength"
REASON = f"a line of over {LINE_BYTES >> 20} MiB, which was passed over"
SLACK = 8  # bytes in which a file and its lines may differ: no newline at its end, or a byte order mark
_DEFLATE_MOST = 1032  # to 1: no deflate stream unpacks to more
_WAIT = 20.0  # seconds for the sum after the pass has ended: Spark reports it from another thread


@dataclass(frozen=True)
class File:
    """A file of the landing."""

    uri: str
    name: str  # path below the landing
    size: int  # bytes, packed

    @property
    def packed(self) -> bool:
        """Whether it is gzip."""
        return self.name.endswith(".gz")

    @property
    def may_have_long_line(self) -> bool:
        """Whether it is large enough, unpacked, to have a line that is passed over."""
        return self.size * (_DEFLATE_MOST if self.packed else 1) >= LINE_BYTES


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
    return lines.observe(observed, F.sum(F.octet_length("value") + F.lit(1).cast("long")).alias("bytes")), Watch(files, observed)


def nothing_is_missing(watched: Watch, store: Any, path: Any) -> bool:
    """Whether the lines read are all there are, as far as sizes and trailers tell."""
    seen = watched.sum()
    if seen is None:
        return False
    packed = [f for f in watched.files if f.packed]
    slack, plain = SLACK * len(watched.files), sum(f.size for f in watched.files if not f.packed)
    if not packed:
        return abs(seen - plain) <= slack
    with ThreadPoolExecutor(8) as pool:
        unpacked = sum(pool.map(lambda f: _trailer(f, store, path), packed))
    return (seen - plain - unpacked + slack) % 2**32 <= 2 * slack


def unpacked_size(file: File, store: Any, jvm: Any, conf: Any) -> int:
    """Bytes of a file, unpacked: the driver reads it to its end."""
    if not file.packed:
        return file.size
    path = jvm.org.apache.hadoop.fs.Path(file.uri)
    codec = jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(conf).getCodec(path)
    stream = codec.createInputStream(store.open(path))
    try:
        return int(jvm.org.apache.commons.io.IOUtils.consume(stream))
    finally:
        stream.close()


def _trailer(file: File, store: Any, path: Any) -> int:
    stream = store.open(path(file.uri))
    try:
        stream.seek(file.size - 4)
        return int.from_bytes(int(stream.readInt()).to_bytes(4, "big", signed=True), "little")
    finally:
        stream.close()
