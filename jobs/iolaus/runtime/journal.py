"""The journal: one line of JSON an event, for machines; what a person sees is `iolaus.runtime.display`."""

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock
from typing import Any


class Journal:
    """Appends lines to a file, or to standard error for `-`; without a path it writes nothing.

    Each line has `at` (UTC), `run_id` and `event`. Text is ASCII, with everything else escaped, so that text from an
    account's fields is harmless to the file's reader.
    """

    def __init__(self, path: str | None = None):
        self.run_id = ""
        self._path = path
        self._lock = Lock()

    def write(self, event: str, **fields: Any) -> None:
        """Add one line; a value that JSON does not know is written as text."""
        if self._path is None:
            return
        line = (
            json.dumps(
                {"at": datetime.now(UTC).isoformat(), "run_id": self.run_id, "event": event, **fields}, default=_text
            )
            + "\n"
        )
        with self._lock:
            if self._path == "-":
                sys.stderr.write(line)
            else:
                with Path(self._path).open("a", encoding="ascii") as file:
                    file.write(line)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
