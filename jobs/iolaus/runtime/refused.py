"""What lies in a landing and is not read: links out of it, what is in no folder of a day, files unlike their checksums.

Each is one row of the quarantine, with the reason and the fix, so that nothing is passed over in silence.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from iolaus.runtime.spark.store import Entry
from iolaus.runtime.unreadable import Unreadable

_LINK = "a link that leads out of the landing: put the file itself there"
_EDITED = "changed after its checksum was written: if that was meant, remove %s"
_EDITED_MILLISECONDS = 2_000  # a writer closes a file, and then its checksum
_STRAY = "in no folder dt=YYYY-MM-DD, so it is not read: rename it"


def day_of(folder: str) -> date | None:
    """The day of a folder dt=YYYY-MM-DD; None of any other, though its name may mean a day."""
    try:
        day = date.fromisoformat(folder.removeprefix("dt="))
    except ValueError:
        return None
    return day if folder == f"dt={day.isoformat()}" else None


def strays(exchanges: Sequence[Entry]) -> Iterator[Unreadable]:
    """What lies in the folder of exchanges beside the folders of days, by name."""
    for child in exchanges:
        if not child.name.startswith(("_", ".")) and not (child.is_folder and day_of(child.name)):
            yield Unreadable(f"exchanges/{child.name}", _STRAY)


def leads_out(root: str, uri: str) -> bool:
    """Whether a URI is of a link, on a file system of this machine, to something that is not below the root."""
    if not uri.startswith("file:"):
        return False
    file, top = (Path(one.removeprefix("file:")) for one in (uri, root))
    return file.is_symlink() and not file.resolve().is_relative_to(top.resolve())


def edited(folder: str, children: Sequence[Entry]) -> dict[str, Unreadable]:
    """The files of a folder that are newer than the checksums beside them, by name.

    Hadoop would fail at such a file and, on a file system of this machine, move it out of the landing.
    """
    changed = {child.name: child.modified for child in children}
    checksums = {name: f".{name}.crc" for name in changed if f".{name}.crc" in changed}
    return {
        name: Unreadable(f"{folder}/{name}", _EDITED % f"{folder}/{checksum}")
        for name, checksum in checksums.items()
        if changed[name] > changed[checksum] + _EDITED_MILLISECONDS
    }


def link(name: str) -> Unreadable:
    """What is said of a link that leads out of the landing."""
    return Unreadable(name, _LINK)
