"""Where Spark's own log of this process goes in local mode."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def log_file() -> Path:
    """Where Spark's own log of this process goes in local mode."""
    return Path(tempfile.gettempdir()) / f"iolaus-spark-{os.getpid()}.log"


@contextmanager
def stderr_to(path: Path) -> Iterator[None]:
    """Start the JVM with its standard error in a file. The JVM keeps it, and this process gets its own back."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with path.open("ab") as log:
            os.dup2(log.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
