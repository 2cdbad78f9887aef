"""What deploy/ says is valid, and agrees with the code that it deploys.

`make deploy-check` asks more, of fetched schemas.
"""

import importlib.util
import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from iolaus import cli
from iolaus.runtime.secret import FILE_VARIABLE
from iolaus.runtime.spark import session

DEPLOY = Path(__file__).parents[1] / "deploy"
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
