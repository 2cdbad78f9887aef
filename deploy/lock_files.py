"""Read the lock files of deploy/locks: what is pinned, for which platforms, from which artifacts, and who needs it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = Path(__file__).parent / "locks"

# The platform of the images; the machine decides about no pin of theirs.
IMAGE = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.14",
    "python_version": "3.11",
    "sys_platform": "linux",
}


@dataclass(frozen=True)
class Pin:
    """One pinned package: the SHA-256 of each artifact that may be installed, and who needs it, `iolaus` among them."""

    name: str
    version: str
    marker: str
    sha256: tuple[str, ...]
    needed_by: tuple[str, ...]


def pins(text: str, platform: Mapping[str, str] | None = None) -> list[Pin]:
    """The pins of a lock file, in its order; with a platform, those that are installed on it.

    Raises ValueError if a pin has no exact version or no hash.
    """
    found = []
    for block in re.split(r"(?m)^(?=[^\s#])", text):
        head, _, rest = block.partition("\\\n")
        if not head.strip() or head.startswith("#"):
            continue
        requirement = Requirement(head.strip())
        exact = [s.version for s in requirement.specifier if s.operator == "=="]
        hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", rest)
        if len(exact) != 1 or not hashes:
            raise ValueError(f"{head.strip()} has no exact version, or no hash; pin it again: make locks")
        if platform and requirement.marker and not requirement.marker.evaluate(dict(platform)):
            continue
        # Either "# via NAME", or "# via" and one name in each of the next lines.
        via = re.findall(r"(?m)^ +#(?: +via)? +([\w.-]+)(?: \(.*\))?$", rest)
        needed_by = tuple(canonicalize_name(name) for name in via if name != "via")
        name, marker = canonicalize_name(requirement.name), str(requirement.marker or "")
        found.append(Pin(name, exact[0], marker, tuple(hashes), needed_by))
    return found
