"""Receipts: what says that a table's day was made, passed its gate, and by what; `iolaus run --resume` rests on them.

One small file per table and day, `LAKE/_made/<day>/<table>.json`. It is removed before the rows are replaced or
deleted and written again when the new rows have passed their gate, so a receipt outlives no crash that its rows did
not survive. Rows without a receipt may be whole; nobody has said so.
"""

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime

from pyspark.sql import SparkSession

from iolaus.pipeline import STAGES, Grain
from iolaus.runtime.small_files import SmallFiles, small_files

FOLDER, UNDATED = "_made", "undated"
_READERS = 16  # files read at a time: on a store each is a request
UNDATED_TABLES = frozenset(s.table for s in STAGES if s.grain is Grain.SNAPSHOT)

Made = tuple[str, date | None]  # a table and a day of it; of an undated table, None


@dataclass(frozen=True)
class Receipt:
    """How a table's day was made. Times are UTC, by the clock of the machine that ran the driver.

    `landing` has, for each folder of the landing that was read, `Landing.state` from before it was read. `version` is
    the Delta version that the rows were written in.
    """

    run_id: str
    code: str
    settings: str
    key: str
    began: datetime
    ended: datetime
    version: int
    landing: Mapping[str, str] = field(default_factory=dict)

    @property
    def by(self) -> tuple[str, str, str]:
        """What made it: version of the code, digest of the settings, id of the key."""
        return self.code, self.settings, self.key


def made(table: str, day: date) -> Made:
    """What a receipt is kept under: the table and the day, or None as the day of an undated table.

    >>> made("bronze.accounts", date(2026, 2, 10))
    ('bronze.accounts', None)
    """
    return table, None if table in UNDATED_TABLES else day


class Receipts:
    """The receipts of one lake."""

    def __init__(self, spark: SparkSession, lake: str):
        self._spark, self._root = spark, f"{lake.rstrip('/')}/{FOLDER}"
        self._files = small_files(spark, self._root)

    def put(self, of: Made, receipt: Receipt) -> None:
        """Say that a table's day was made and has passed its gate."""
        self._files.write(_name(of), json.dumps(asdict(receipt), default=_text) + "\n")

    def drop(self, of: Made) -> None:
        """Forget that a table's day was made, if anything says so: its rows are about to change."""
        self._files.delete(_name(of))

    def drop_before(self, table: str, day: date) -> None:
        """Forget the days of a table before `day`: their rows are about to be deleted."""
        for name in self._files.names():
            folder, _, file = name.partition("/")
            if file == f"{table}.json" and folder < day.isoformat():
                self._files.delete(name)

    def of(self, days: Iterable[date]) -> dict[Made, Receipt]:
        """The receipts of some days and of undated tables. What cannot be understood counts as not there."""
        folders = [(day.isoformat(), day) for day in sorted(set(days))]
        found: dict[Made, Receipt] = {}
        with ThreadPoolExecutor(_READERS) as pool:
            for day, receipts in pool.map(self._of_folder, [(UNDATED, None), *folders]):
                found |= {(table, day): receipt for table, receipt in receipts.items()}
        return found

    def one(self, of: Made) -> Receipt | None:
        """The receipt of a table's day; None if there is none, or it cannot be understood."""
        return _read(self._files.read(_name(of)))

    def _of_folder(self, folder: tuple[str, date | None]) -> tuple[date | None, dict[str, Receipt]]:
        files: SmallFiles = small_files(self._spark, f"{self._root}/{folder[0]}")
        texts = {name.removesuffix(".json"): files.read(name) for name in files.names()}
        return folder[1], {table: receipt for table, text in texts.items() if (receipt := _read(text))}


def _name(of: Made) -> str:
    table, day = of
    return f"{UNDATED if day is None else day.isoformat()}/{table}.json"


def _read(text: str | None) -> Receipt | None:
    try:
        values = json.loads(text or "")
        times = {name: datetime.fromisoformat(values[name]).astimezone(UTC) for name in ("began", "ended")}
        return Receipt(**values | times)
    except (KeyError, TypeError, ValueError):
        return None


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
