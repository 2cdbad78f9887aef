"""Ask for each pin of deploy/locks whether it has a known vulnerability: `make audit`.

pip-audit asks PyPI, whose answers about a release name its vulnerabilities. That needs the network, and an index that
gives these answers: a mirror of packages alone does not. Without them, give a folder of advisories in OSV's format with
`--advisories`, such as a clone of PyPA's advisory database, or OSV's export for PyPI, unpacked. pip-audit then asks a
server of this machine that answers from them.

A pin that nobody could tell about is no sound pin: then nothing is said of the lock, and the status is 2.
Java's jars are not asked for; the files of `make sbom` name them for a scanner that knows them.
"""

import argparse
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from lock_files import LOCKS
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

FIX = (
    "allow PyPI's JSON API, which a mirror of packages may lack, or name a folder of advisories: "
    "make audit ADVISORIES=FOLDER"
)
Advisories = dict[str, list[dict[str, Any]]]


def main() -> int:
    """Audit every lock; returns the exit status: 0, 1 if a pin is vulnerable, 2 if that could not be told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--advisories", type=Path, help="a folder of advisories in OSV's format, .json or .yaml")
    options = parser.parse_args()
    try:
        found = audit_all([]) if options.advisories is None else audit_offline(options.advisories)
    except CannotTellError as error:
        print(error, file=sys.stderr)
        return 2
    for line in found:
        print(line)
    return 1 if found else 0


class CannotTellError(Exception):
    """Nobody answered whether pins are vulnerable. The message is one line with the mend."""


def audit_offline(folder: Path) -> list[str]:
    """The vulnerable pins of all locks by the advisories of a folder."""
    advisories = read(folder)
    if not advisories:
        raise CannotTellError(f"{folder} has no advisories for PyPI in OSV's format; {FIX}")
    known = [a for each in advisories.values() for a in each]
    newest = max(str(a.get("published") or "")[:10] for a in known)
    print(
        f"{len(known):,} advisories for {len(advisories):,} packages; the newest is of {newest}: nothing later is seen"
    )
    with served(advisories) as url:
        return audit_all(["--vulnerability-service", "osv", "--osv-url", url])


def audit_all(service: list[str]) -> list[str]:
    """The vulnerable pins of all locks; each lock is pinned for itself."""
    found = []
    for lock in sorted(LOCKS.glob("*.txt")):
        pins, vulnerable = audit(lock, service)
        print(f"{lock.name}: {pins} pins, {len(vulnerable)} known vulnerabilities", flush=True)
        found += vulnerable
    return found


def audit(lock: Path, service: list[str]) -> tuple[int, list[str]]:
    """How many pins of a lock are for this platform, and a line for each vulnerability of one.

    Raises CannotTellError if pip-audit gave no answer, or none for some pin: for a pin that its service does not know
    it says so in a column, and nothing else.
    """
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    answer = subprocess.run(
        [*command, *service, "--requirement", str(lock)], capture_output=True, text=True, check=False
    )
    try:
        told = json.loads(answer.stdout)["dependencies"]
    except ValueError:
        said = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotTellError(f"{lock.name} was not audited ({said}); {FIX}") from None
    if unknown := [pin["name"] for pin in told if "skip_reason" in pin]:
        said = f"no answer about {len(unknown)} of {len(told)} pins, {unknown[0]} first"
        raise CannotTellError(f"{lock.name} was not audited ({said}); {FIX}")
    return len(told), [line for pin in told for line in described(lock, pin)]


def described(lock: Path, pin: dict[str, Any]) -> Iterator[str]:
    """A line for each vulnerability of a pin: its ids, and the versions that have it no more."""
    for found in pin["vulns"]:
        ids = ", ".join([found["id"], *found["aliases"]])
        fixed = f"fixed in {', '.join(found['fix_versions'])}" if found["fix_versions"] else "no fix is known"
        yield f"{lock.name}: {pin['name']} {pin['version']}: {ids}; {fixed}"


def read(folder: Path) -> Advisories:
    """The advisories of a folder that are about packages of PyPI, by package."""
    found: Advisories = {}
    for file in sorted(file for ending in ("json", "yaml") for file in folder.rglob(f"*.{ending}")):
        text = file.read_text(encoding="utf-8")
        # Times stay text, as in JSON: the loader of plain strings, and lists and maps of them.
        advisory = json.loads(text) if file.suffix == ".json" else yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506
        if not isinstance(advisory, dict) or "id" not in advisory:
            continue
        for affected in advisory.get("affected") or ():
            package = affected.get("package") or {}
            if package.get("ecosystem") == "PyPI":
                package["name"] = canonicalize_name(package["name"])
                of_package = found.setdefault(package["name"], [])
                if advisory not in of_package:
                    of_package.append(advisory)
    return found


def affects(advisory: dict[str, Any], name: str, version: str) -> bool:
    """Whether a version of a package is named by an advisory, by itself or in a range."""
    for affected in advisory["affected"]:
        if (affected.get("package") or {}).get("name") != name:
            continue
        if version in (affected.get("versions") or ()):
            return True
        if any(_within(r, version) for r in affected.get("ranges") or () if r.get("type") == "ECOSYSTEM"):
            return True
    return False


def _within(found: dict[str, Any], version: str) -> bool:
    """Whether the last event up to a version, in a range of OSV, makes it vulnerable.

    A version that nobody can compare counts as no fix.
    """
    inside = False
    events = [(kind, bound) for event in found["events"] for kind, bound in list(event.items())[:1]]
    known = [(kind, bound) for kind, bound in events if kind == "introduced" or _is_version(bound)]
    for kind, bound in sorted(known, key=lambda e: _version(e[1])):
        if kind == "introduced" and _version(version) >= _version(bound):
            inside = True
        elif (kind == "fixed" and _version(version) >= _version(bound)) or (
            kind == "last_affected" and _version(version) > _version(bound)
        ):
            inside = False
    return inside


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


@contextmanager
def served(advisories: Advisories) -> Iterator[str]:
    """A server of this machine alone that answers OSV's queries from advisories; gives the address to ask."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, version = query["package"]["name"], query["version"]
            vulnerable = [a for a in advisories.get(name, ()) if affects(a, name, version)]
            body = json.dumps({"vulns": vulnerable} if vulnerable else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: each query would be a line."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
