"""The pseudonymisation key, and a key agreed with another lab: from the environment or a file, no argument."""

import os
from pathlib import Path

from iolaus.errors import UsageError
from iolaus.settings import Key

VARIABLE, FILE_VARIABLE = "IOLAUS_HMAC_KEY", "IOLAUS_HMAC_KEY_FILE"
SHARED_VARIABLE, SHARED_FILE_VARIABLE = "IOLAUS_SHARED_KEY", "IOLAUS_SHARED_KEY_FILE"
SHORTEST = 16  # bytes: a shorter key could be guessed


def load_key() -> Key:
    """The key that the environment names. Raises UsageError, which says what to do, if there is none."""
    return _load(VARIABLE, FILE_VARIABLE, "pseudonymisation")


def load_shared_key() -> Key:
    """The key agreed with another lab.

    Raises UsageError if there is none, or if it is so short that others could guess it.
    """
    key = _load(SHARED_VARIABLE, SHARED_FILE_VARIABLE, "shared")
    if is_weak(key):
        raise UsageError(
            f"the shared key is shorter than {SHORTEST} bytes; agree on a longer one, as the output of: openssl rand "
            "-hex 32"
        )
    return key


def _load(variable: str, file_variable: str, name: str) -> Key:
    value = os.environ.get(variable)
    path = os.environ.get(file_variable)
    if value is None and path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise UsageError(
                f"{file_variable} names {path}, which cannot be read ({error.strerror}); name a readable file"
            ) from error
        if not value:
            raise UsageError(
                f"{file_variable} names {path}, which is empty; write a key into it: openssl rand -hex 32 > {path}"
            )
    if value == "":
        raise UsageError(f"{variable} is set and empty; set it to a key, as the output of: openssl rand -hex 32")
    if not value:
        raise UsageError(
            f"no {name} key; set {variable} (for example to the output of: openssl rand -hex 32) or {file_variable}"
        )
    return Key(value.encode())


def is_weak(key: Key) -> bool:
    """Whether the key is so short that pseudonyms could be undone by guessing."""
    return len(key.secret) < SHORTEST
