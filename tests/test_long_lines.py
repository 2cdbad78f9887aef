"""Lines too long to hold are passed over, and their files are named; no other file is.

Here a line may have 64 KiB, for speed.
"""

import gzip
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from iolaus.runtime import long_lines
from iolaus.runtime.landing import Landing
from iolaus.runtime.long_lines import PassedOver
from iolaus.runtime.unreadable import Unreadable

DAY = date(2026, 2, 10)
LONG = b'{"prompt":"' + b"a" * 300_000 + b'"}\n'
SHORT = b"".join(b'{"n":%d,"x":"%x"}\n' % (n, n * 7919**5) for n in range(5_000))


@pytest.fixture
def landing(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Landing:
    monkeypatch.setattr(long_lines, "LINE_BYTES", 64 << 10)
    folder = tmp_path / "exchanges" / "dt=2026-02-10"
    folder.mkdir(parents=True)
    return Landing(spark, str(tmp_path))


def read(landing: Landing, tmp_path: Path, files: dict[str, bytes]) -> tuple[int, list[PassedOver]]:
    """How many lines are read, and how many of which files were passed over."""
    for name, content in files.items():
        (tmp_path / "exchanges" / "dt=2026-02-10" / name).write_bytes(content)
    n = landing.lines("exchanges", DAY, watched=True).count()
    return n, landing.passed_over("exchanges", DAY)


def test_the_file_is_named_and_its_other_lines_are_kept(landing: Landing, tmp_path: Path) -> None:
    files = {
        "a.jsonl": SHORT + LONG + b"1\n",
        "b.jsonl.gz": gzip.compress(b"1\n" + LONG + SHORT + b"\n" + LONG * 2),
        "c.jsonl": SHORT,
        "d.jsonl.gz": gzip.compress(SHORT),
    }
    n, found = read(landing, tmp_path, files)
    assert n == 4 * 5_000 + 2
    top = "exchanges/dt=2026-02-10/"
    assert found == [PassedOver(top + "a.jsonl", 1), PassedOver(top + "b.jsonl.gz", 3)]
    assert [p.reason for p in found] == [
        "a line of over 64 MiB, which was passed over",
        "3 lines of over 64 MiB, which were passed over",
    ]
    marks = (
        landing.lines("exchanges", DAY, [Unreadable(p.file, p.reason) for p in found])
        .where("unreadable is not null")
        .select("source_file", "unreadable")
        .collect()
    )
    assert sorted(map(tuple, marks)) == [(u.file, u.reason) for u in found]
    assert landing.passed_over("exchanges", DAY) == [], "what was not watched is not told"


def test_no_other_file_is_accused(landing: Landing, tmp_path: Path) -> None:
    """Without a last newline, with a byte order mark, of several gzip members, with blank lines."""
    files = {
        "a.jsonl": b"\xef\xbb\xbf" + SHORT[:-1],
        "b.jsonl.gz": gzip.compress(SHORT) + gzip.compress(b"\n" * 100_000) + gzip.compress(SHORT[:-1]),
        "c.jsonl.gz": gzip.compress(b"\n \n" * 100_000 + SHORT),
    }
    assert read(landing, tmp_path, files) == (4 * 5_000, [])
