"""Why a file of the landing cannot be read to its end, distinguished by Spark's error from failures of the store."""

import re
from dataclasses import dataclass

from iolaus.runtime.lines import PARQUET

_STORE_FAULT = re.compile(
    r"FileNotFoundException|AccessControlException|AccessDenied|java\.net\.|Timeout|OutOfMemory|InterruptedException"
    r"|(?:fs\.s3a|awssdk|azurebfs|cloud\.hadoop)\.[\w.]*Exception|BlockMissing|No space left|PipelineException"
)  # a Parquet file that a store failed to give is not a corrupt one
_DECOMPRESSION = re.compile(
    r"Caused by: [^\n]*\n\s+at org\.apache\.hadoop\.io\.compress\."
)  # thrown by the codec, not by the store below it


@dataclass(frozen=True)
class Unreadable:
    """A file that cannot be read to its end: its path below the landing, and why."""

    file: str
    reason: str


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
        illegal = re.search(r"\[PARQUET_TYPE_ILLEGAL\] ([^\n]*?)\.? SQLSTATE", text)
        return illegal[1] if illegal else "corrupt Parquet"
    if not _DECOMPRESSION.search(text):
        raise error
    return "truncated gzip" if "Unexpected end of input stream" in text else "corrupt gzip"
