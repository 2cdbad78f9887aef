"""What is pinned is read from the locks as it stands there, and what advisories say of it is found."""

import json
import re
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "deploy"))
import audit  # noqa: E402 - deploy/ is no package
from lock_files import IMAGE, LOCKS, Pin, pins  # noqa: E402

HASH = "0" * 64
LOCK = f"""\
Odd.Name[extra]==1.2.3 ; sys_platform == 'win32' \\
    --hash=sha256:{HASH} \\
    --hash=sha256:{HASH[:-1]}1
    # via
    #   iolaus (pyproject.toml:build)
    #   other-name
plain==2 \\
    --hash=sha256:{HASH}
    # via odd-name
"""
ADVISORY = {
    "id": "MADE-UP-1",
    "aliases": ["MADE-UP-A"],
    "published": "2026-01-02T03:04:05Z",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Plain"},
            "versions": ["0.9.1"],
            "ranges": [
                {"type": "GIT", "events": [{"introduced": "0"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "1.10"}, {"fixed": "1.12"}, {"introduced": "2"}]},
            ],
        },
        {"package": {"ecosystem": "npm", "name": "other"}, "versions": ["1"]},
    ],
}


def test_a_lock_is_read_whole() -> None:
    odd, plain = pins(LOCK)
    assert odd == Pin("odd-name", "1.2.3", 'sys_platform == "win32"', (HASH, HASH[:-1] + "1"), ("iolaus", "other-name"))
    assert plain == Pin("plain", "2", "", (HASH,), ("odd-name",))
    assert pins(LOCK, IMAGE) == [plain]


@pytest.mark.parametrize("lock", sorted(LOCKS.glob("*.txt")), ids=lambda lock: lock.name)
def test_every_pin_of_our_locks_is_read(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    found = pins(text)
    assert len(found) == len(re.findall(r"(?m)^\S+==", text)) > 0
    assert sum(len(pin.sha256) for pin in found) == text.count("--hash=sha256:")
    on_linux = [pin.name for pin in pins(text, IMAGE)]
    assert len(on_linux) == len(set(on_linux)), "one version of each is installed"


@pytest.mark.parametrize("pin", ["loose>=1 \\\n    --hash=sha256:" + HASH, "unhashed==1\n"])
def test_a_pin_that_pins_nothing_is_refused(pin: str) -> None:
    with pytest.raises(ValueError, match="make locks"):
        pins(pin)


def test_the_tools_that_look_at_the_locks_are_in_none_that_is_shipped() -> None:
    tools = {"cyclonedx-python-lib", "pip-audit"}
    of_lock = {lock.stem: {pin.name for pin in pins(lock.read_text(encoding="utf-8"))} for lock in LOCKS.glob("*.txt")}
    assert tools <= of_lock.pop("audit")
    assert {name for name, pinned in of_lock.items() if pinned & tools} == set()


@pytest.mark.parametrize(
    ("version", "is_affected"),
    [("0.9.1", True), ("0.9", False), ("1.9", False), ("1.10", True), ("1.11.9", True), ("1.12", False), ("2.0", True)],
)
def test_versions_of_an_advisory(version: str, is_affected: bool, tmp_path: Path) -> None:
    """Numbers count as numbers, a range may end and begin again, and commits of a repository are no versions."""
    (tmp_path / "made-up.json").write_text(json.dumps(ADVISORY))
    (known,) = audit.read(tmp_path).pop("plain")
    assert audit.affects(known, "plain", version) is is_affected


def test_a_last_affected_version_is_affected() -> None:
    ranges = [{"type": "ECOSYSTEM", "events": [{"last_affected": "1.5"}, {"introduced": "0"}]}]
    advisory = {"affected": [{"package": {"name": "plain"}, "ranges": ranges}]}
    assert [audit.affects(advisory, "plain", v) for v in ("1", "1.5", "1.5.1")] == [True, True, False]


def test_a_folder_of_advisories_answers_as_osv_does(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below/made-up.json").write_text(json.dumps(ADVISORY))
    (tmp_path / "b.yaml").write_text(
        "id: MADE-UP-2\npublished: 2026-01-02T03:04:05Z\naffected:\n- package: {ecosystem: PyPI, name: b}\n"
        "  versions: [1.0, '1.10']\n"
    )
    (tmp_path / "none.yaml").write_text("- no advisory\n")
    advisories = audit.read(tmp_path)
    assert sorted(advisories) == ["b", "plain"], "only packages of PyPI"
    answers = {}
    with audit.served(advisories) as url:
        for name, version in (("plain", "2"), ("plain", "1"), ("b", "1.10"), ("unknown", "1")):
            query = json.dumps({"package": {"name": name, "ecosystem": "PyPI"}, "version": version}).encode()
            with urllib.request.urlopen(url, data=query, timeout=10) as answer:  # noqa: S310 - its own server
                answers[name, version] = [a["id"] for a in json.load(answer).get("vulns", [])]
    assert answers == {
        ("plain", "2"): ["MADE-UP-1"],
        ("plain", "1"): [],
        ("b", "1.10"): ["MADE-UP-2"],
        ("unknown", "1"): [],
    }


def test_no_answer_is_not_taken_for_a_sound_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """pip-audit itself ends with success if its service knows none of the pins; `make audit` ends with 2 and a line."""
    told = {"dependencies": [{"name": "plain", "skip_reason": "not found"}, {"name": "b", "version": "1", "vulns": []}]}
    program = tmp_path / "python"
    monkeypatch.setattr(audit.sys, "executable", str(program))
    monkeypatch.setattr(audit.sys, "argv", ["audit.py"])
    for said, expected in ((json.dumps(told), "no answer about 1 of 2 pins"), ("", "no reason given")):
        program.write_text(f"#!/bin/sh\necho '{said}'\n")
        program.chmod(0o755)
        assert audit.main() == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert expected in line
        assert line.endswith("make audit ADVISORIES=FOLDER")
    monkeypatch.setattr(audit.sys, "argv", ["audit.py", "--advisories", str(tmp_path)])
    assert audit.main() == 2
    assert "has no advisories" in capsys.readouterr().err


def test_a_vulnerable_pin_is_named_with_its_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vulns = [{"id": "MADE-UP-1", "aliases": ["MADE-UP-A"], "fix_versions": ["1.12"]}]
    told = {"dependencies": [{"name": "plain", "version": "1.11", "vulns": vulns}]}
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho '{json.dumps(told)}'\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(audit.sys, "executable", str(program))
    assert audit.audit(tmp_path / "some.txt", []) == (
        1,
        ["some.txt: plain 1.11: MADE-UP-1, MADE-UP-A; fixed in 1.12"],
    )
