"""Lines of files as JSON objects, of documents over many lines too. What a line holds: `iolaus.adapters.envelopes`."""

import re
from collections.abc import Iterable, Iterator

import pyarrow as pa

from iolaus.adapters.casts import Record
from iolaus.adapters.envelopes import MARKS, objects

UNREADABLE_FILE = "file not readable to its end"
OTHER_FILE = "a file of another kind"
STRANGE = "fields of a shape that the format does not have"
# lines that are trees of objects at one time: what a processor's cache holds; thousands would take twice as long
AT_ONCE = 64
MOST = 256 << 20  # bytes of one document over many lines: it is held in memory, ten times as large when it is read

_TOKEN = re.compile(rb"\"(?:[^\"\\]|\\.)*\"|[\[\]{}\"]")


def records(batches: Iterable[pa.RecordBatch]) -> Iterator[list[tuple[Record, list[Record] | str]]]:
    """For every few lines (`RECORDS`, and other columns): each record with its objects, or with why it has none.

    A document over many lines is one record, with all its bytes. Lines of one file follow one another. A line that
    cannot begin or continue a document, or one that is never finished, is a record by itself, whose neighbours are
    read.
    """
    open_ = _Open()
    for batch in batches:
        for start in range(0, batch.num_rows, AT_ONCE):
            yield [made for row in batch.slice(start, AT_ONCE).to_pylist() for made in open_.take(row)]
    yield open_.given_up()


class _Open:
    """A document that is being read line by line."""

    def __init__(self) -> None:
        self._rows: list[Record] = []
        self._stack: list[int] = []  # brackets that are open
        self._size = 0

    def take(self, row: Record) -> Iterator[tuple[Record, list[Record] | str]]:
        """What is known with one line more."""
        if self._rows and (row["reason"] is not None or row["source_file"] != self._rows[0]["source_file"]):
            yield from self.given_up()
        if row["reason"] is not None:
            yield row, row["reason"]
            return
        line = row["record"]
        if not self._rows:
            made = _alone(line)
            if isinstance(made, str) and line.lstrip(MARKS).lstrip()[:1] in (b"{", b"[") and self._continue(line):
                self._rows, self._size = [row], len(line)
            else:
                self._stack = []
                yield row, made
            return
        if self._begins_again(line) or self._size + len(line) > MOST or not self._continue(line):
            yield from self.given_up()
            yield from self.take(row)
            return
        self._rows.append(row)
        self._size += len(line)
        if not self._stack:
            document = {**self._rows[0], "record": b"\n".join(r["record"] for r in self._rows)}
            made = _alone(document["record"])
            if isinstance(made, str):
                yield from self.given_up()
            else:
                self._rows = []
                yield document, made

    def given_up(self) -> list[tuple[Record, list[Record] | str]]:
        """The lines that made no document, each by itself."""
        rows, self._rows, self._stack, self._size = self._rows, [], [], 0
        return [(row, _alone(row["record"])) for row in rows]

    def _begins_again(self, line: bytes) -> bool:
        """Whether a line is a whole object where, within the document, none can stand: the document broke off."""
        begun = self._rows[-1]["record"].rstrip()[-1:]
        if line[:1] != b"{" or (self._stack[-1] == ord("[") and begun in (b",", b"[")):
            return False
        return not isinstance(_alone(line), str)

    def _continue(self, line: bytes) -> bool:
        """Whether the brackets of a line can follow the open ones. A text that is not closed in its line cannot."""
        for token in _TOKEN.findall(line):
            if len(token) > 1:
                continue
            if token in (b"{", b"["):
                self._stack.append(token[0])
            elif token == b'"' or not self._stack or self._stack.pop() + 2 != token[0]:
                return False
        return True


def _alone(line: bytes) -> list[Record] | str:
    try:
        return objects(line)
    except ValueError as error:
        return str(error)
