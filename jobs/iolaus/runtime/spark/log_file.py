"""Where Spark's own log of this process goes in local mode."""

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path


@cache
def log_file() -> Path:
    """Where Spark's own log of this process goes in local mode: a file in a folder that only this user can open."""
    return _private_folder(Path(tempfile.gettempdir()) / f"iolaus-{os.getuid()}") / f"spark-{os.getpid()}.log"


def _private_folder(wanted: Path) -> Path:
    """The folder, made if there is none; one of another name where somebody else has made, or opened, that one."""
    with suppress(FileExistsError):
        wanted.mkdir(mode=0o700)
    found = wanted.lstat()
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return wanted if is_own else Path(tempfile.mkdtemp(prefix="iolaus-"))


@contextmanager
def stderr_to(path: Path) -> Iterator[None]:
    """Start the JVM with its standard error in a file. The JVM keeps it, and this process gets its own back."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.dup2(log, 2)
        os.close(log)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
