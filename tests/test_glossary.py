"""One term for one thing: no identifier, column, setting or metric bears a name that the glossary replaced."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from iolaus.pipeline import RECORDS, STAGES
from iolaus.schemas.table import table
from iolaus.settings import leaves

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for folder in ("jobs", "dags") for path in (ROOT / folder).rglob("*.py"))
SUITES = sorted((ROOT / "expectations").glob("*.json"))

REPLACED = {  # a part of a name, in any number: the glossary's term
    "token": "shared value",
    "wrapper": "template",
    "filling": "distinct prompts",
    "trait": "attribute",
    "phrase": "text fragment",
    "at_large": "baseline",
    "labour": "task sharing",
    "conduct": "policy signals",
    "pivot": "release adoption",
    "heir": "successor",
    "lockstep": "synchronised activity",
    "dealt": "partitioned",
    "mend": "fix",
    "innocents": "legitimate accounts",
    "accused": "false positives",
}
OF_COLUMNS = {  # words that are sound elsewhere, and were columns or settings under an unclear meaning
    "users": "n_owners",
    "degree": "n_qualifying_owners",
    "counts": "is_qualifying",
    "reach": "n_contacts",
    "purpose": "purpose_built",
    "wrapped": "own_template_share",
    "figure": "metric",
    "figures": "metrics",
    "told": "reported",
}
# No module, public function or class has one of these as its whole name.
BARE = {"begins", "dealt", "few", "figure", "held", "kept", "known", "mark", "mend", "message", "messages", "told"}

# (path, pattern of names): why they stay.
ALLOWED = {
    (
        r"",
        r".*(input|output|cached?|cache_read|reasoning|max|prompt|completion|budget|new|eval)_?tokens?(_.*)?|_?tokens_(in|out)",
    ): ("tokens of a language model"),
    (r"adapters/", r".*[Tt]okens?.*|.*TOKENS?"): "tokens of a language model, under the names of gateways and APIs",
    (r"model/account_sketch", r"tokens"): "tokens of a language model: bins of answer lengths",
    (r"simulate/", r"_MAX_TOKENS"): "tokens of a language model",
    (r"runtime/(lock|maintenance)", r"_?token(_hex)?"): "a random secret: a lock's, and Python's module secrets",
    (r"joins/cosine/", r".*pivots?.*"): "pivots of a metric space: the centres of cells",
    (r"bronze\.exchanges", r"negative_tokens"): "tokens of a language model",
}


def allowed(path: str, name: str) -> bool:
    return any(re.search(where, path) and re.fullmatch(names, name) for where, names in ALLOWED)


def parts(name: str) -> set[str]:
    words = set(re.split(r"[_\W\d]+", name.lower()))
    at_large = {"at_large"} if "at_large" in name.lower() else set()
    return words | {word.removesuffix("s") for word in words} | at_large


def replaced(path: str, name: str) -> str | None:
    found = parts(name) & REPLACED.keys()
    return None if not found or allowed(path, name) else f"{path}: {name}; say {', '.join(REPLACED[w] for w in found)}"


def identifiers(path: Path) -> Iterator[str]:
    yield path.stem
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.NAME:
            yield token.string


def columns(of: DataType) -> Iterator[str]:
    if isinstance(of, StructType):
        for field in of.fields:
            yield field.name
            yield from columns(field.dataType)
    elif isinstance(of, ArrayType):
        yield from columns(of.elementType)
    elif isinstance(of, MapType):
        yield from columns(of.valueType)


def test_no_identifier_bears_a_replaced_name() -> None:
    assert len(SOURCES) > 150
    paths = ((path, path.relative_to(ROOT).as_posix()) for path in SOURCES)
    found = {says for path, at in paths for name in {*identifiers(path)} if (says := replaced(at, name))}
    assert not found


def test_no_module_or_public_function_bears_a_bare_word() -> None:
    found = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [path.stem, *(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))]
        found += [f"{path.relative_to(ROOT)}: {name}" for name in names if name.lower() in BARE]
    assert not found


@pytest.mark.parametrize("name", [*(stage.table for stage in STAGES), *RECORDS, "verdicts.given"])
def test_no_table_or_column_bears_a_replaced_name(name: str) -> None:
    names = [name.split(".")[1], *columns(table(name).schema)]
    assert not [says for each in names if (says := replaced(name, each))]
    assert not {each: OF_COLUMNS[each] for each in names if each in OF_COLUMNS}


def test_no_setting_bears_a_replaced_name() -> None:
    names = [name for name, _, _ in leaves()]
    assert not [says for name in names if (says := replaced("settings", name.split(".")[-1]))]
    assert not {name for name in names if name.split(".")[-1] in OF_COLUMNS}


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_no_metric_bears_a_replaced_name(path: Path) -> None:
    suite = json.loads(path.read_text(encoding="utf-8"))
    declared = suite["meta"]["metrics"]
    names = {*declared, *(name for kind in declared.values() for name in kind)}
    names |= {expectation["kwargs"]["column"] for expectation in suite["expectations"]}
    assert not [says for name in names if (says := replaced(path.name, name))]
    assert not names & OF_COLUMNS.keys()


def test_a_replaced_name_is_found() -> None:
    assert replaced("jobs/iolaus/model/x.py", "wrapper_share") == "jobs/iolaus/model/x.py: wrapper_share; say template"
    assert replaced("jobs/iolaus/model/x.py", "share_at_large")
    assert replaced("jobs/iolaus/model/x.py", "shared_tokens")
    assert replaced("jobs/iolaus/model/x.py", "usage_input_tokens") is None
