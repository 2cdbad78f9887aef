"""The recipes for managed Spark agree with the code: commands, variables, modules and versions that they name exist.

`make recipes-check` asks the platforms' own models. No Spark, no platform, no network but this machine's own.
"""

import base64
import importlib.util
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from iolaus import cli
from iolaus.runtime.secret import VARIABLE
from iolaus.runtime.spark import session, tricks

DEPLOY = Path(__file__).parents[1] / "deploy"
DAY = "2026-02-02"
BUNDLE = yaml.safe_load((DEPLOY / "databricks/databricks.yml").read_text(encoding="utf-8"))
JOB = BUNDLE["resources"]["jobs"]["iolaus"]
TASK, CLUSTER = JOB["tasks"][0], JOB["job_clusters"][0]["new_cluster"]
EMR = json.loads((DEPLOY / "emr-serverless/job-run.json").read_text(encoding="utf-8"))
BATCH = json.loads((DEPLOY / "dataproc/batch.json").read_text(encoding="utf-8"))
SPARK_DEFAULTS = EMR["configurationOverrides"]["applicationConfiguration"][0]["properties"]
BATCH_PROPERTIES = BATCH["runtime_config"]["properties"]
IMAGES = {name: (DEPLOY / "images" / f"{name}.Dockerfile").read_text() for name in ("dataproc", "emr-environment")}


def script(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, DEPLOY / path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def of_databricks() -> list[str]:
    """The arguments of the bundle's task, with the defaults of its variables, as they come to `iolaus`."""
    values = {name: given["default"] for name, given in BUNDLE["variables"].items()}
    words = [re.sub(r"\$\{var\.(\w+)\}", lambda m: values[m[1]], w) for w in TASK["spark_python_task"]["parameters"]]
    assert words[:2] == ["{{job.trigger.time.iso_date}}", "{{job.parameters.date}}"]
    return list(script("databricks/iolaus_day.py").arguments("2026-02-03", JOB["parameters"][0]["default"], *words[2:]))


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(of_databricks(), id="databricks"),
        pytest.param(EMR["jobDriver"]["sparkSubmit"]["entryPointArguments"], id="emr-serverless"),
        pytest.param(BATCH["pyspark_batch"]["args"], id="dataproc"),
        pytest.param(
            yaml.safe_load((DEPLOY / "kubernetes/sparkapplication.yaml").read_text())["spec"]["arguments"],
            id="spark-operator",
        ),
    ],
)
def test_a_recipe_runs_a_command_that_there_is(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object, message: str) -> None:
        raise AssertionError(message)

    monkeypatch.setattr("argparse.ArgumentParser.error", fail)
    given = cli.parser().parse_args(words)
    assert given.command == "run"
    assert str(given.date) == DAY
    assert given.landing
    assert given.lake


def test_databricks_runs_the_day_that_is_named_or_the_day_before() -> None:
    arguments = script("databricks/iolaus_day.py").arguments
    assert arguments("2026-03-01", "", "run") == ["run", "--date", "2026-02-28"]
    assert arguments("2026-03-01", "2025-12-31", "run") == ["run", "--date", "2025-12-31"]
    assert JOB["parameters"] == [{"name": "date", "default": ""}]


def test_a_failed_gate_fails_the_task_of_databricks() -> None:
    """A wheel task would drop what `main` returns."""
    assert "python_wheel_task" not in TASK
    text = (DEPLOY / "databricks" / TASK["spark_python_task"]["python_file"]).read_text()
    assert re.search(r"status = main\(.*\n(?: *#.*\n)* *if status:\n *sys\.exit\(status\)", text)


def variables() -> Iterator[tuple[str, str]]:
    """Each variable of Iolaus that a recipe sets, with its platform."""
    yield from (("databricks", name) for name in CLUSTER["spark_env_vars"])
    yield from (("emr-serverless", name) for name in _driver(SPARK_DEFAULTS, "spark.emr-serverless.driverEnv."))
    yield from (("dataproc", name) for name in _driver(BATCH_PROPERTIES, "spark.dataproc.driverEnv."))


def _driver(properties: dict[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): value for key, value in properties.items() if key.startswith(prefix)}


def test_each_variable_is_one_that_somebody_reads() -> None:
    source = "\n".join(f.read_text(encoding="utf-8") for f in (DEPLOY.parent / "jobs").rglob("*.py"))
    source += (DEPLOY / "dataproc/submit.py").read_text()
    named = [(platform, name) for platform, name in variables() if name.startswith("IOLAUS_")]
    assert {platform for platform, _ in named} == {"databricks", "emr-serverless", "dataproc"}
    assert all(f'"{name}"' in source for _, name in named)
    assert {platform for platform, name in named if name == tricks.VARIABLE} == {p for p, _ in named}


def test_the_key_is_a_reference_and_goes_to_the_driver_alone() -> None:
    """But on Databricks, where a cluster's variables are those of all its machines."""
    assert re.fullmatch(r"\{\{secrets/.+/hmac_key\}\}", CLUSTER["spark_env_vars"][VARIABLE])
    assert _driver(SPARK_DEFAULTS, "spark.emr-serverless.driverEnv.")[VARIABLE].startswith("EMR.secret@")
    assert VARIABLE not in _driver(BATCH_PROPERTIES, "spark.dataproc.driverEnv.")
    name = script("dataproc/submit.py").SECRET
    secret = _driver(BATCH_PROPERTIES, "spark.dataproc.driverEnv.")[name]
    assert re.fullmatch(r"projects/[\w-]+/secrets/[\w-]+/versions/\w+", secret)
    for properties in (SPARK_DEFAULTS, BATCH_PROPERTIES):
        assert not any("IOLAUS_HMAC" in key for key in properties if "driverEnv" not in key)


def test_the_key_comes_from_secret_manager() -> None:
    """The service account's token first, then the version of the secret with it."""
    asked: list[tuple[str, str | None]] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Metadata-Flavor") or self.headers.get("Authorization")))
            data = base64.b64encode(b"a" * 64 + b"\n").decode()
            answer: dict[str, Any] = {"access_token": "t"} if self.path == "/token" else {"payload": {"data": data}}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}"
    try:
        assert script("dataproc/submit.py").key("projects/p/secrets/s/versions/1", f"{here}/token", here) == "a" * 64
    finally:
        server.shutdown()
        server.server_close()
    assert asked == [("/token", "Google"), ("/projects/p/secrets/s/versions/1:access", "Bearer t")]


def test_nothing_hides_the_spark_of_a_platform() -> None:
    """No recipe installs a second pyspark, nor on Databricks a second Delta; versions are those of the lock."""
    lock = (DEPLOY / "locks/managed.txt").read_text()
    pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))
    assert pinned.keys().isdisjoint({"pyspark", "py4j", "pytest"})
    assert {"delta-spark", "great-expectations", "orjson", "scipy", "prometheus-client"} <= pinned.keys()
    for image in IMAGES.values():
        assert "--no-deps -r deploy/locks/managed.txt" in image
        assert "runtime.txt" not in image
    packages = dict(library["pypi"]["package"].split("==") for library in TASK["libraries"] if "pypi" in library)
    assert packages.keys() == {"great-expectations", "orjson"}
    assert packages == {name: pinned[name] for name in packages}


def test_one_run_at_a_time() -> None:
    application = json.loads((DEPLOY / "emr-serverless/application.json").read_text())
    assert JOB["max_concurrent_runs"] == 1
    assert application["schedulerConfiguration"]["maxConcurrentRuns"] == 1
    dags = [f.read_text() for f in DEPLOY.glob("*/iolaus_*.py") if "with DAG(" in f.read_text()]
    assert len(dags) == 3
    assert all("max_active_runs=1" in dag for dag in dags)


def test_what_a_recipe_names_is_there() -> None:
    assert (DEPLOY / "databricks" / TASK["spark_python_task"]["python_file"]).is_file()
    assert "COPY deploy/dataproc/submit.py /opt/iolaus/submit.py" in IMAGES["dataproc"]
    assert BATCH["pyspark_batch"]["main_python_file_uri"] == "file:///opt/iolaus/submit.py"
    assert SPARK_DEFAULTS["spark.archives"].endswith("/environment.tar.gz#environment")
    assert "--output /environment.tar.gz" in IMAGES["emr-environment"]
    assert {JOB["tasks"][0]["job_cluster_key"]} == {cluster["job_cluster_key"] for cluster in JOB["job_clusters"]}
    used = set(re.findall(r"\$\{var\.(\w+)\}", json.dumps(BUNDLE["resources"])))
    assert used == set(BUNDLE["variables"])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The properties that `session` asks for, of a builder that starts nothing, and what becomes of Java."""
    found: dict[str, str] = {}

    class Builder:
        def appName(self, _: str) -> "Builder":  # noqa: N802 - Spark's name
            return self

        def master(self, name: str) -> "Builder":
            return self.config("spark.master", name)

        def config(self, key: str, value: str) -> "Builder":
            found[key] = value
            return self

        def getOrCreate(self) -> "Builder":  # noqa: N802 - Spark's name
            return self

    monkeypatch.setattr(SparkSession, "builder", Builder())
    monkeypatch.setattr(session, "check_java", lambda: found.update(java="checked"))
    monkeypatch.setattr(session, "watch", lambda _: found.update(java="ends with this process"))
    for name in ("remember", "share"):
        monkeypatch.setattr(session, name, lambda _: None)
    for name in (*session._SUBMITTED, "IOLAUS_JARS_BAKED"):
        monkeypatch.delenv(name, raising=False)
    return found


def test_on_databricks_the_session_that_is_there_keeps_its_catalog_and_delta(
    asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "18.0")
    session.session(config={"spark.speculation": "false"})
    assert asked["spark.sql.session.timeZone"] == "UTC"
    assert asked["spark.speculation"] == "false"
    assert asked.keys().isdisjoint({"java", "spark.master", "spark.jars", "spark.jars.packages", "spark.driver.memory"})
    assert not any("catalog" in key or "extensions" in key or "shuffle" in key or "adaptive" in key for key in asked)


def test_what_is_submitted_has_java_already(asked: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """EMR Serverless and Dataproc submit: Delta's extension is asked for, and no jar where the platform has them."""
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    monkeypatch.setenv("IOLAUS_JARS_BAKED", "1")
    monkeypatch.setattr(session.sys, "prefix", "/nowhere")
    session.session()
    assert asked["spark.sql.extensions"] == "io.delta.sql.DeltaSparkSessionExtension"
    assert asked["java"] == "ends with this process"
    assert asked.keys().isdisjoint({"spark.master", "spark.jars", "spark.jars.packages"})
