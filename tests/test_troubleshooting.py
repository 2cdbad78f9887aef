"""Every error that the code raises has an entry in docs/operators/troubleshooting.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from iolaus.runtime.failures import _KNOWN

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "operators" / "troubleshooting.md").read_text(encoding="utf-8")
ERRORS = {"UsageError", "RunError"}
LEAST = 9  # characters of a message's longest fixed part; shorter ones quote what another part of the code says


def parts(node: ast.expr) -> Iterator[str]:
    """The fixed parts of a message."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            for value in values:
                yield from parts(value) if isinstance(value, ast.Constant) else ("…",)
        case ast.BinOp(left=left, right=right):
            yield from parts(left)
            yield from parts(right)


def messages() -> Iterator[tuple[str, str]]:
    """Where an error is raised, and the fixed parts of its message, joined by an ellipsis."""
    for path in sorted((ROOT / "jobs").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", "".join(parts(node.args[0]))


def words(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def test_every_error_has_an_entry() -> None:
    entries = {words(part) for code in re.findall(r"`([^`]+)`", PAGE) for part in re.split("…", code)} - {""}
    entries = {entry for entry in entries if len(entry) >= LEAST}
    found = [(at, said) for at, said in messages() if len(words(said.replace("…", " "))) >= LEAST]
    assert len(found) > 80
    missing = [f"{at}: {said}" for at, said in found if not any(entry in words(said) for entry in entries)]
    assert not missing, "\n".join(missing)


def test_every_known_failure_has_an_entry() -> None:
    assert not [said for _, said in _KNOWN if words(re.split(r"[:;]", said)[0])[:30] not in words(PAGE)]


def test_no_entry_is_of_a_message_that_is_gone() -> None:
    """Each entry's longest part is in the code, or it is of a gate, whose words are put together."""
    sources = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "jobs").rglob("*.py")))
    code = words(re.sub(r'"\s*\n\s*f?"', "", sources))
    rows = re.findall(r"^\| (`.*?`)(?: \(status 3\))? \|", PAGE, re.MULTILINE)
    assert len(rows) > 80
    for row in rows:
        for message in re.findall(r"`([^`]+)`", row):
            longest = max((words(part) for part in message.split("…")), key=len)
            assert longest in code, message
