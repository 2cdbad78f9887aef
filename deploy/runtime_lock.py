"""Write deploy/locks/runtime.txt: of the pins in spark.txt those that a run needs, without tests, linters, benchmarks.

Run in the environment `.venv`, whose packages say what they need; `make locks` does, after it pinned again.
"""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = Path(__file__).parent / "locks"
EXTRAS = ("spark",)  # of the project itself


def needed(name: str, extras: tuple[str, ...], seen: set[tuple[str, tuple[str, ...]]]) -> set[str]:
    """A package's requirements with all of theirs, by canonical names; what is not installed here needs nothing."""
    if (name, extras) in seen:
        return set()
    seen.add((name, extras))
    try:
        listed = requires(name) or []
    except PackageNotFoundError:
        return set()
    found: set[str] = set()
    for requirement in map(Requirement, listed):
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in ("", *extras)):
            wanted = canonicalize_name(requirement.name)
            found |= {wanted} | needed(wanted, tuple(sorted(requirement.extras)), seen)
    return found


def runtime(lock: str) -> str:
    """The pins of a lock that a run needs, each with its hashes."""
    wanted = needed("iolaus", EXTRAS, set())
    pins = re.split(r"(?m)^(?=\S)", lock)
    return "".join(pin for pin in pins if canonicalize_name(re.split(r"[=\[ ;]", pin)[0]) in wanted)


if __name__ == "__main__":
    (LOCKS / "runtime.txt").write_text(runtime((LOCKS / "spark.txt").read_text(encoding="utf-8")), encoding="utf-8")
