"""Why a file of the landing cannot be read to its end, distinguished by Spark's error from failures of the store."""

import re
from dataclasses import dataclass

from iolaus.runtime.lines import PARQUET

_STORE_FAULT = re.compile(
    r"FileNotFoundException|AccessControlException|AccessDenied|java\.net\.|Timeout|OutOfMemory|InterruptedException"
    r"|(?:fs\.s3a|awssdk|azurebfs|cloud\.hadoop)\.[\w.]*Exception|BlockMissing|No space left|PipelineException"
)  # a Parquet file that a store failed to give is not a corrupt one
# what Spark says of a column's type that it does not read
_TYPE = re.compile(
    r"\[(?:PARQUET_TYPE_\w+|UNSUPPORTED_TIME_TYPE|DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION)\] ([^\n]*?)\.? SQLSTATE"
)
_DECOMPRESSION = re.compile(
    r"Caused by: [^\n]*\n\s+at org\.apache\.hadoop\.io\.compress\."
)  # thrown by the codec, not by the store below it


@dataclass(frozen=True)
class Unreadable:
    """A file that cannot be read to its end: its path below the landing, and why; or one that Arrow is to read."""

    file: str
    reason: str
    by_arrow: bool = False  # it is sound, and Spark does not read it


def is_odd(name: str, error: Exception) -> bool:
    """Whether a file is Parquet with columns that Spark has no type or no name for."""
    text = str(error)
    return name.endswith(PARQUET) and ("COLUMN_ALREADY_EXISTS" in text or _TYPE.search(text) is not None)


def why_unreadable(name: str, error: Exception) -> str:
    """Why a file cannot be read, from Spark's error for it alone; raises the error if the file is not at fault."""
    text = str(error)
    if _STORE_FAULT.search(text):
        raise error
    if "Too many bytes before" in text:  # of Hadoop's reader: a newline, or a delimiter
        return "a line of over 2 GiB; what follows it is not read"
    if "ChecksumException" in text:
        folder, _, file = name.rpartition("/")
        return f"not what its checksum says; if it was changed on purpose, remove {folder}/.{file}.crc"
    if "COLUMN_ALREADY_EXISTS" in text:
        return "columns whose names differ in case alone"
    if name.endswith(PARQUET):
        unknown = _TYPE.search(text)
        return unknown[1] if unknown else "corrupt Parquet"
    if not _DECOMPRESSION.search(text):
        raise error
    return "truncated gzip" if "Unexpected end of input stream" in text else "corrupt gzip"
