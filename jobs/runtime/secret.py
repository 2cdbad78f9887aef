"""The pseudonymisation key: from the environment or a file, never from an argument."""

import os
from pathlib import Path

from jobs.errors import UsageError
from jobs.settings import Key

VARIABLE, FILE_VARIABLE = "IOLAUS_HMAC_KEY", "IOLAUS_HMAC_KEY_FILE"
SHORTEST = 16  # bytes: a shorter key could be guessed


def load_key() -> Key:
    """The key that the environment names. Raises UsageError, with the mend, if there is none."""
    value = os.environ.get(VARIABLE)
    path = os.environ.get(FILE_VARIABLE)
    if value is None and path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise UsageError(f"{FILE_VARIABLE} names {path}, which cannot be read ({error.strerror}); name a readable file") from error
    if not value:
        raise UsageError(f"no pseudonymisation key; set {VARIABLE} (for example to the output of: openssl rand -hex 32) or {FILE_VARIABLE}")
    return Key(value.encode())


def is_weak(key: Key) -> bool:
    """Whether the key is so short that pseudonyms could be undone by guessing."""
    return len(key.secret) < SHORTEST
