"""Which code this is."""

import os
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

UNKNOWN = "unknown"


@cache
def code_version() -> str:
    """The version of this code, which leads to its commit.

    In a checkout, what git says of it when it is first asked: tag, commits since, commit (`v0.2.0-3-g051fe1c51fe1`, or
    the commit alone where there is no tag), and `-dirty` where files differ from that commit. Else the version that the
    package was built as: a tag's (`0.2.0`), or with the commit behind a plus sign (`0.2.1.dev3+g051fe1c`).
    """
    root = Path(__file__).parents[2]
    described = _described(root) if (root / ".git").exists() else ""
    return described or _installed()


def _described(root: Path) -> str:
    """What git says of a checkout; nothing without git, or where it refuses."""
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}  # a hook's name another repository
    command = ["git", "-C", str(root), "describe", "--tags", "--always", "--long", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, env=surroundings).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _installed() -> str:
    try:
        return metadata.version("iolaus")
    except metadata.PackageNotFoundError:
        return UNKNOWN
