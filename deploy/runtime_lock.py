"""Write deploy/locks/runtime.txt: of the pins in spark.txt those that a run needs, without tests, linters, benchmarks.

And managed.txt: of these, what a platform that brings its own Spark needs. It is installed with `--no-deps`, for
delta-spark would bring pyspark. Run in the environment `.venv`, whose packages say what they need; `make locks` does,
after it pinned again.
"""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = Path(__file__).parent / "locks"
EXTRAS = ("metrics", "spark")  # of the project itself
BROUGHT = {"py4j", "pyspark"}  # by a managed Spark: another would hide it


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
    return "".join(pin for pin in _pins(lock) if _name(pin) in wanted)


def managed(lock: str) -> str:
    """The pins of a run's lock that a managed Spark does not bring."""
    return "".join(pin for pin in _pins(lock) if _name(pin) not in BROUGHT)


def _pins(lock: str) -> list[str]:
    return re.split(r"(?m)^(?=\S)", lock)


def _name(pin: str) -> str:
    return canonicalize_name(re.split(r"[=\[ ;]", pin)[0])


if __name__ == "__main__":
    made = runtime((LOCKS / "spark.txt").read_text(encoding="utf-8"))
    (LOCKS / "runtime.txt").write_text(made, encoding="utf-8")
    (LOCKS / "managed.txt").write_text(managed(made), encoding="utf-8")
