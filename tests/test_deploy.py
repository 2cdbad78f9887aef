"""What deploy/ says is valid, and agrees with the code that it deploys.

`make deploy-check` asks more, of fetched schemas.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from iolaus import cli
from iolaus.runtime.secret import FILE_VARIABLE
from iolaus.runtime.spark import session

DEPLOY = Path(__file__).parents[1] / "deploy"
AUTH = "SPARK_AUTH_SECRET_FILE"
RELEASE = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["tool"]["setuptools_scm"]["fallback_version"]


def read(name: str) -> str:
    return (DEPLOY / name).read_text()


def test_the_image_has_what_a_run_needs_and_no_tools_of_development() -> None:
    """`make locks` writes it; what is pinned there is pinned alike for development."""
    spec = importlib.util.spec_from_file_location("runtime_lock", DEPLOY / "runtime_lock.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    lock = read("locks/runtime.txt")
    assert lock == made.runtime(read("locks/spark.txt")), "write it anew: .venv/bin/python deploy/runtime_lock.py"
    pinned = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert {"pyspark", "delta-spark", "great-expectations", "py4j", "pandas"} <= pinned
    assert pinned.isdisjoint({"pytest", "mypy", "ruff", "hypothesis", "pre-commit", "playwright", "faiss-cpu"})
    assert "locks/runtime.txt" in read("images/spark.Dockerfile")
    assert "locks/spark.txt" not in read("images/spark.Dockerfile")


def test_kubernetes_objects_are_valid() -> None:
    objects = list(yaml.safe_load_all(read("kubernetes/access.yaml")))
    for made in objects:
        kubernetes_validate.validate(made, "1.34", strict=True)
    broken = next(o for o in objects if o["kind"] == "Role") | {"rulez": []}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, "1.34", strict=True)


def test_the_key_goes_to_the_driver_alone() -> None:
    """In Kubernetes and in compose: executors, workers and master never see it."""
    spec = yaml.safe_load(read("kubernetes/sparkapplication.yaml"))["spec"]
    assert {s["name"] for s in spec["driver"]["secrets"]} == {"iolaus-hmac"}
    assert {e["name"] for e in spec["driver"]["env"]} == {FILE_VARIABLE}
    assert "hmac" not in str(spec["executor"]).lower()
    services = yaml.safe_load(read("compose.yaml"))["services"]
    assert [name for name, service in services.items() if "hmac_key" in service.get("secrets", [])] == ["job"]


def test_every_base_image_may_be_pinned_where_it_is_built_and_is_the_same_everywhere() -> None:
    """By its digest, which a repository cannot keep fresh."""
    for file in DEPLOY.glob("images/*.Dockerfile"):
        named = set(re.findall(r"(?m)^ARG (\w+_IMAGE)=\S+$", file.read_text()))
        bases = set(re.findall(r"(?m)^FROM (\S+)", file.read_text())) - {"scratch"}
        assert bases == {f"${{{name}}}" for name in named} != set(), file
    ours = (DEPLOY / f"images/{name}.Dockerfile" for name in ("spark", "airflow"))
    tags = {tag for file in ours for tag in re.findall(r"(?m)^ARG PYTHON_IMAGE=(\S+)$", file.read_text())}
    assert len(tags) == 1
    for name in ("compose.yaml", "compose-demo.yaml"):
        assert f'PYTHON_IMAGE: "${{PYTHON_IMAGE:-{tags.copy().pop()}}}"' in read(name)
        images = {s["image"] for s in yaml.safe_load(read(name))["services"].values()}
        assert images == {"iolaus-spark", "${STORE_IMAGE:-versity/versitygw:v1.8.0}"}


def test_all_of_the_standalone_cluster_share_a_secret() -> None:
    """Master, workers and drivers: one without it could not speak to the others, and with it nobody else can."""
    made = yaml.safe_load(read("compose.yaml"))
    of_spark = {name: s for name, s in made["services"].items() if s.get("image") == "iolaus-spark"}
    assert set(of_spark) == {"master", "worker", "job"}
    for service in of_spark.values():
        assert service["environment"][AUTH] == "/run/secrets/spark_auth"
        assert "spark_auth" in service["secrets"]
    assert "spark_auth" in made["secrets"]
    assert "spark_auth" not in made["services"]["store"]["secrets"]


@pytest.fixture
def entry(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the image's entrypoint where Spark is a program that shows its arguments and its configuration."""
    (tmp_path / "bin").mkdir()
    for name in ("spark-class", "spark-submit"):
        program = tmp_path / "bin" / name
        program.write_text(
            '#!/bin/sh\necho "$@"\nls -ld "$SPARK_CONF_DIR"\ncat "$SPARK_CONF_DIR/spark-defaults.conf"\n'
        )
        program.chmod(0o755)
    for name in ("tmp", "conf"):
        (tmp_path / name).mkdir()
    shutil.copy(DEPLOY / "spark-defaults.conf", tmp_path / "conf")

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path / "tmp")}
        spark = {"SPARK_HOME": str(tmp_path), "SPARK_CONF_DIR": str(tmp_path / "conf")}
        command = ["sh", str(DEPLOY / "images/entrypoint.sh"), *arguments]
        return subprocess.run(command, env=path | spark | environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("command", ["master", "worker", "submit"])
def test_spark_is_given_the_secret_in_no_argument(
    command: str, entry: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("the cluster's own\n")
    told = entry(command, **{AUTH: str(tmp_path / "secret")})
    arguments, folder, *settings = told.stdout.splitlines()
    assert told.returncode == 0, told.stderr
    assert "the cluster's own" not in arguments + folder
    assert folder.startswith("drwx------"), "nobody else may read it"
    assert settings[: len(read("spark-defaults.conf").splitlines())] == read("spark-defaults.conf").splitlines()
    assert settings[-4:] == [
        "spark.authenticate true",
        "spark.network.crypto.enabled true",
        "spark.network.crypto.saslFallback false",
        "spark.authenticate.secret the cluster's own",
    ]
    without = entry(command).stdout.splitlines()
    assert without[2:] == read("spark-defaults.conf").splitlines()


def test_a_secret_that_is_none_is_said_so(
    entry: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("\n")
    told = entry("master", **{AUTH: str(tmp_path / "secret")})
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "openssl rand" in told.stderr
    assert entry("master", **{AUTH: str(tmp_path / "none")}).returncode != 0


def test_the_demo_of_compose_says_commands_that_there_are() -> None:
    """What it simulates is what it runs, on the bucket that its store makes, and what is served is what it writes."""
    services = yaml.safe_load(read("compose-demo.yaml"))["services"]
    store, script = services["store"]["command"][0], services["demo"]["command"][-1]
    simulated, run = (cli.parser().parse_args(c.split()) for c in re.findall(r"entrypoint\.sh submit (.+)", script))
    assert simulated.out == run.landing
    assert str(run.date) == re.search(r"^DEMO_FROM := (.+)$", read("../Makefile"), re.MULTILINE)[1]  # type: ignore[index]
    assert f"/data/{run.lake.removeprefix('s3a://').partition('/')[0]} " in store
    assert services["demo"]["volumes"] == [f"report:{run.report}"]
    assert run.report in services["report"]["command"]
    keys = services["demo"]["environment"]
    made = services["store"]["environment"]
    assert (keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"]) == tuple(made.values())


def test_pods_are_restricted() -> None:
    objects = {(o["kind"], o["metadata"]["name"]): o for o in yaml.safe_load_all(read("kubernetes/access.yaml"))}
    spec = yaml.safe_load(read("kubernetes/sparkapplication.yaml"))["spec"]
    for role in ("driver", "executor"):
        context = spec[role]["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert ("ServiceAccount", spec[role]["serviceAccount"]) in objects
    assert objects["ServiceAccount", "iolaus-executor"]["automountServiceAccountToken"] is False
    assert not any("data" in o or "stringData" in o for o in objects.values()), "no secret has a value here"


def test_versions_are_those_that_are_pinned() -> None:
    spec = yaml.safe_load(read("kubernetes/sparkapplication.yaml"))["spec"]
    assert spec["sparkVersion"] == version("pyspark")
    assert spec["image"].endswith(f":{RELEASE}")
    values = yaml.safe_load(read("kubernetes/airflow-values.yaml"))
    pinned = re.search(r"^apache-airflow==(\S+)", read("locks/airflow.txt"), re.MULTILINE)
    assert pinned is not None
    assert values["airflowVersion"] == pinned[1]
    assert values["defaultAirflowTag"] == RELEASE


def test_what_is_copied_and_named_exists() -> None:
    for file in DEPLOY.glob("images/*.Dockerfile"):
        copied = re.findall(r"^COPY (?!--from)(?:--\S+ )?(.+) \S+$", file.read_text(), re.MULTILINE)
        assert len(copied) >= 4
        for source in " ".join(copied).split():
            if source not in ("expectations", "dags"):  # made beside this
                assert (DEPLOY.parent / source).exists(), (file.name, source)
    services = {n: yaml.safe_load(read(n))["services"] for n in ("compose.yaml", "compose-demo.yaml")}
    for service in (service for each in services.values() for service in each.values()):
        if "build" in service:
            assert (DEPLOY.parent / service["build"]["dockerfile"]).exists()
    for name in ("entrypoint.sh",):
        assert subprocess.run(["sh", "-n", str(DEPLOY / "images" / name)], check=False).returncode == 0


def test_each_setting_of_spark_has_its_reason_or_stands_below_one() -> None:
    """One key a line, none twice, none that the session sets itself, and a comment over each group."""
    lines = [line for line in read("spark-defaults.conf").splitlines() if line]
    keys = [line.split()[0] for line in lines if not line.startswith("#")]
    assert all(key.startswith("spark.") for key in keys)
    assert len(keys) == len(set(keys)) >= 20
    assert set(keys) & (session._COMMON.keys() | session._DELTA.keys()) == set()
    assert "secret.key" not in read("spark-defaults.conf")


def test_jars_of_the_defaults_stay_on_the_class_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session puts Delta's jars there too, and what it sets would hide what the defaults say."""
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    assert session._class_path() == ""  # no such file
    (tmp_path / "spark-defaults.conf").write_text(
        "# spark.driver.extraClassPath /no\n  spark.driver.extraClassPath   /s3/a.jar:/s3/b.jar \n"
    )
    assert session._class_path() == "/s3/a.jar:/s3/b.jar"
