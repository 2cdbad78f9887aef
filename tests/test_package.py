"""What is installed: one package with its suites.

It reads a lake without Spark and runs beside any other folders.
"""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from deltalake import DeltaTable, Schema
from lakes import write, write_case
from pyspark.sql import SparkSession
from runs import KEY, run_options
from test_matching import lab
from traffic import DAYS

from iolaus import lake_format, version
from iolaus.cli import SPARK_MODULES
from iolaus.export import verdicts
from iolaus.pipeline import STAGES, VERDICTS
from iolaus.runtime.gates import suites
from iolaus.runtime.secret import SHARED_VARIABLE, VARIABLE
from iolaus.runtime.spark import shipped
from iolaus.schemas.table import table

ROOT = Path(__file__).parents[1]
SECONDS = 300  # after which a command of these tests hangs


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source tree without its history: a copy of what an image's build copies."""
    made = tmp_path_factory.mktemp("source")
    parts = ["pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "jobs", "expectations"]
    command = [
        "tar",
        "-C",
        str(ROOT),
        "--exclude",
        "__pycache__",
        "--exclude",
        "*.egg-info",
        "-cf",
        str(made / "source.tar"),
    ]
    subprocess.run([*command, *parts], check=True)
    (made / "tree").mkdir()
    subprocess.run(["tar", "-C", str(made / "tree"), "-xf", str(made / "source.tar")], check=True)
    return made / "tree"


def built(source: Path, hook: str, folder: Path, **environment: str) -> Path:
    """What setuptools makes of a source tree, as pip and build call it, without a network."""
    folder.mkdir()
    code = f"import sys; from setuptools import build_meta as b; b.{hook}(sys.argv[1])"
    command = [sys.executable, "-c", code, str(folder)]
    subprocess.run(
        command, cwd=source, env={**os.environ, **environment}, check=True, capture_output=True, timeout=SECONDS
    )
    [made] = folder.iterdir()
    return made


@pytest.fixture(scope="session")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(source, "build_wheel", tmp_path_factory.mktemp("built") / "wheel")


def test_the_wheel_has_one_name_and_all_suites(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    release = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools_scm"]["fallback_version"]
    assert {name.split("/")[0] for name in names} == {"iolaus", f"iolaus-{release}.dist-info"}
    assert sorted(Path(n).stem for n in names if re.match(r"iolaus/expectations/.*\.json", n)) == suites.names()


def test_executors_get_what_the_wheel_has(wheel: Path) -> None:
    with zipfile.ZipFile(shipped.archive()) as zipped:
        assert sorted(zipped.namelist()) == sorted(
            n for n in zipfile.ZipFile(wheel).namelist() if n.startswith("iolaus/")
        )


def test_a_source_distribution_makes_the_same_wheel(source: Path, wheel: Path, tmp_path: Path) -> None:
    packed = built(
        source, "build_sdist", tmp_path / "sdist", SETUPTOOLS_SCM_PRETEND_VERSION_FOR_IOLAUS="0.2.0+g0123abc"
    )
    (tmp_path / "tree").mkdir()
    subprocess.run(["tar", "-C", str(tmp_path / "tree"), "-xzf", str(packed)], check=True)
    [tree] = (tmp_path / "tree").iterdir()
    again = built(tree, "build_wheel", tmp_path / "wheel")
    assert "+g0123abc" in again.name, "the version of an image or a source distribution leads to its commit"
    of = [sorted(n for n in zipfile.ZipFile(w).namelist() if n.startswith("iolaus/")) for w in (wheel, again)]
    assert of[0] == of[1]


def test_the_version_of_a_checkout_is_its_commit(tmp_path: Path) -> None:
    """Whichever commit is checked out: an editable installation is not made anew for each."""
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout")
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    said = version.code_version().removesuffix("-dirty").rpartition("g")[2]
    assert len(said) >= 12
    assert commit.startswith(said)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "one"], ["tag", "v9"]):
        subprocess.run([*git, *command], check=True)
    assert re.fullmatch(r"v9-0-g[0-9a-f]{12}", version._described(tmp_path))
    assert version._described(tmp_path / "nothing") == ""


# Modules of the extra `spark` cannot be imported, as where it is not installed.
WITHOUT = """
import sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in {missing} else self.finder.find_spec(name, path, target)
sys.meta_path[:] = map(Without, sys.meta_path)
from iolaus.cli import main
sys.exit(main(sys.argv[1:]))
"""


def plain(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, where the extra `spark` is not installed."""
    code = WITHOUT.format(missing=set(SPARK_MODULES))
    command = [sys.executable, "-c", code, *map(str, arguments)]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT / "jobs"), **environment}
    return subprocess.run(command, capture_output=True, text=True, env=surroundings, check=False, timeout=SECONDS)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with one listed cluster, hc_1, of five accounts."""
    lake = tmp_path_factory.mktemp("case") / "lake"
    accounts = [f"a{i}" for i in range(5)]
    write_case(lake, DAYS[0], "hc_1", accounts)
    same = {"run_date": DAYS[0], "cluster_id": "hc_1"}
    write(lake, "graph.clusters", [same | {"account_id": a} for a in accounts])
    write(lake, "scoring.clusters", [same])
    write(lake, "scoring.evidence", [same | {"channel": "card", "kind": "coordination"}])
    return lake


def test_a_lake_is_read_and_judged_without_spark(case: Path, tmp_path: Path) -> None:
    answered = plain("query", "SELECT cluster_id FROM suspect_clusters", "--lake", case, "--format", "json")
    assert (answered.returncode, json.loads(answered.stdout)) == (0, [{"cluster_id": "hc_1"}]), answered
    report = plain("report", "--lake", case, "--out", tmp_path / "report")
    assert report.returncode == 0, report.stderr
    assert "hc_1" in (tmp_path / "report" / "index.html").read_text()
    known = plain("account", "a0", "--lake", case, "--json")
    assert known.returncode == 0, known.stderr
    assert json.loads(known.stdout)["history"][0]["cluster_id"] == "hc_1"
    step = ["case", "set", "hc_1", "--by", "ana", "--owner", "ben"]
    for command in (step, ["case", "list"], ["whatif"], ["alert", "--dry-run"], ["quality"]):
        done = plain(*command, "--lake", case)
        assert done.returncode == 0, done.stderr
    assert plain("compare", case, case).stdout.startswith("cluster_id"), "nothing differs"
    judged = plain("verdict", "hc_1", "innocent", "--by", "ana", "--why", "a class", "--lake", case)
    assert judged.returncode == 0, judged.stderr
    assert plain("--version").stdout.startswith("iolaus ")


def test_clusters_are_exported_and_matched_without_spark(tmp_path: Path) -> None:
    key, shared = "the secret key of lab a", {SHARED_VARIABLE: "a key that both labs agreed on"}
    made = lab(tmp_path / "lake", key, {"hc_1": ("203.0.113.7", [11, 12, 13])})
    for name in ("a", "b"):
        arguments = ["export", "fingerprints", "--lake", made, "--lab", name, "--out", tmp_path / name]
        exported = plain(*arguments, **shared, **{VARIABLE: key})
        assert exported.returncode == 0, exported.stderr
    answered = plain("match", tmp_path / "a", tmp_path / "b", **shared)
    assert answered.returncode == 0, answered.stderr
    assert "5 values" in answered.stdout
    parquet = plain("export", "parquet", "--lake", made, "--out", tmp_path / "parquet", **{VARIABLE: key})
    assert parquet.returncode == 0, parquet.stderr


@pytest.mark.parametrize("command", ["run", "job", "gate", "maintain", "adapt", "calibrate"])
def test_what_needs_spark_says_how_to_get_it(command: str, case: Path, tmp_path: Path) -> None:
    arguments = {
        "run": ["--landing", tmp_path, "--lake", tmp_path / "lake"],
        "job": ["silver.accounts", "--date", DAYS[0], "--lake", tmp_path],
        "gate": ["silver.accounts", "--date", DAYS[0], "--lake", tmp_path],
        "maintain": ["vacuum", "--lake", tmp_path],
        "calibrate": ["--lake", case],
        "adapt": ["otlp", tmp_path, tmp_path / "landing"],
    }[command]
    said = plain(command, *arguments, **{VARIABLE: KEY})
    assert said.returncode == 2, said.stderr
    [line] = said.stderr.splitlines()
    assert "pip install 'iolaus[spark]'" in line


def test_a_verdict_has_the_columns_of_its_table() -> None:
    """It makes the table without Spark; runs read it with."""
    assert verdicts.schema() == Schema.from_json(table(VERDICTS).schema.json())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program `iolaus` of a new environment: the wheel, and this environment's other packages."""
    made = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(made)], check=True)
    python = made / "bin" / "python"
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(made), "platbase": str(made)}))
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", "--force-reinstall", str(wheel)], check=True)
    for shared in ("jars", "classes.jsa"):
        if (Path(sys.prefix) / shared).exists():
            (made / shared).symlink_to(Path(sys.prefix) / shared)
    return made / "bin" / "iolaus"


def test_the_wheel_runs_beside_packages_of_the_same_names(
    installed: Path, spark: SparkSession, lake: Path, landing: Path, tmp_path: Path
) -> None:
    """From a folder with `jobs` and `expectations` of its own, a day comes out as from the checkout."""
    for name in ("jobs", "expectations"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('somebody else\\'s')\n")
    own = {k: v for k, v in os.environ.items() if not k.startswith("PYSPARK")}  # which name the Python of this process
    surroundings = own | {VARIABLE: KEY, "PYTHONPATH": str(tmp_path)}
    where = [str(installed.parent / "python"), "-c", "import iolaus; print(iolaus.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=True).stdout
    assert found.startswith(str(installed.parents[1])), "not the checkout"
    command = [str(installed), *run_options(landing, "lake", "--date", DAYS[0]), "--report", "none"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads((tmp_path / "lake" / lake_format.MARKER).read_text())["format"] == lake_format.FORMAT
    published = 0
    for name in (s.table for s in STAGES if s.layer in ("graph", "scoring", "gold")):
        ours, theirs = (day_of(made, name) for made in (lake, tmp_path / "lake"))
        assert ours == theirs, name
        published += len(theirs) * (name == "gold.suspect_clusters")
    assert published


def day_of(lake: Path, name: str) -> list[str]:
    """The rows of the first day of a table, but for the id of their run, in order."""
    rows = DeltaTable(lake / name.replace(".", "/")).to_pyarrow_table(filters=[("run_date", "=", DAYS[0])]).to_pylist()
    return sorted(repr({k: v for k, v in row.items() if k != "run_id"}) for row in rows)
