"""Check the recipes for managed Spark against the platforms' own models: `make recipes-check`.

The job of the Databricks bundle by the typed models of databricks-bundles, the two requests to EMR Serverless by the
service model in botocore, the batch of Dataproc by the messages of google-cloud-dataproc. All is offline, in an
environment of its own (deploy/locks/recipes.txt). With `--bundle-schema FILE`, which `databricks bundle schema` prints,
the whole bundle is checked, too. Prints a line for each file.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator
from databricks.bundles.jobs import Job
from google.cloud.dataproc_v1.types import Batch
from google.protobuf.json_format import ParseError

HERE = Path(__file__).parent


def main() -> int:
    """Check every recipe; returns the exit status: 0 if all are right, 1 if one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle-schema", type=Path, metavar="FILE", help="what `databricks bundle schema` prints")
    schema = parser.parse_args().bundle_schema
    wrong = [*databricks(schema), *emr_serverless(), *dataproc()]
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    return 1 if wrong else 0


def databricks(schema: Path | None) -> Iterator[str]:
    """What is wrong with the jobs of the bundle and, by a schema, with the rest of it."""
    file = HERE / "databricks/databricks.yml"
    bundle = yaml.safe_load(file.read_text(encoding="utf-8"))
    for name, job in bundle["resources"]["jobs"].items():
        yield from (f"{file.name}: {line}" for line in wrong_job(name, job))
    print(f"{file.name}: jobs by databricks-bundles {version('databricks-bundles')}")
    if schema:
        # Its patterns have classes of Unicode, which Python's expressions do not know.
        text = re.sub(r"\\\\p\{[A-Z][a-z]?\}", r"\\\\w", schema.read_text(encoding="utf-8"))
        checked = jsonschema.Draft202012Validator(json.loads(text))
        for error in checked.iter_errors(bundle):
            yield f"{file.name}: {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        print(f"{file.name}: whole, against {schema}")


def wrong_job(name: str, job: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a job: a field that Databricks does not know, or a value of another type."""
    try:
        made = Job.from_dict(job)
    except (TypeError, ValueError, KeyError) as error:
        yield f"job {name}: {error}"
        return
    # What the models take and do not give back, they did not understand.
    yield from (f"job {name}: {path} is lost" for path in _lost(job, made.as_dict()))


def _lost(given: Any, kept: Any, path: str = "") -> Iterator[str]:
    if isinstance(given, dict):
        for key, value in given.items():
            if not isinstance(kept, dict) or key not in kept:
                yield f"{path}.{key}".lstrip(".")
            else:
                yield from _lost(value, kept[key], f"{path}.{key}")
    elif isinstance(given, list):
        for number, value in enumerate(given):
            yield from _lost(value, kept[number] if isinstance(kept, list) else None, f"{path}[{number}]")


def emr_serverless() -> Iterator[str]:
    """What is wrong with the two requests to EMR Serverless."""
    model = ServiceModel(Loader().load_service_model("emr-serverless", "service-2"))
    for name, operation in (("application.json", "CreateApplication"), ("job-run.json", "StartJobRun")):
        request = json.loads((HERE / "emr-serverless" / name).read_text(encoding="utf-8"))
        shape = model.operation_model(operation).input_shape
        # Every client makes up a token where none is given.
        report = ParamValidator().validate({"clientToken": "a", **request}, shape)
        yield from (f"{name}: {line}" for line in report.generate_report().splitlines())
        yield from (f"{name}: {line}" for line in unlike(request, shape))
        print(f"{name}: {operation} of botocore {version('botocore')}")


def unlike(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """Values that are not of their enumeration, pattern or length. A client sends them, the service refuses them."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for key, of in value.items():
            if key in shape.members:
                yield from unlike(of, shape.members[key], f"{path}.{key}")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for key, of in value.items():
            yield from unlike(key, shape.key, f"{path}.{key}")
            yield from unlike(of, shape.value, f"{path}.{key}")
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for number, of in enumerate(value):
            yield from unlike(of, shape.member, f"{path}[{number}]")
    elif isinstance(value, str):
        bounds = shape.metadata
        allowed = shape.enum if isinstance(shape, StringShape) else []
        if (allowed and value not in allowed) or len(value) > bounds.get("max", len(value)):
            yield f"{path.lstrip('.')}: {value!r} is none of {allowed} or longer than {bounds.get('max')}"
        # Java's patterns, of which Python understands those that are used here.
        if not re.fullmatch(bounds.get("pattern", ".*").replace(r"\p{L}\p{Z}\p{N}", r"\w\s"), value, re.DOTALL):
            yield f"{path.lstrip('.')}: {value!r} is not like {bounds['pattern']}"


def dataproc() -> Iterator[str]:
    """What is wrong with the batch: a field that Dataproc does not know, or a value of another type."""
    file = HERE / "dataproc/batch.json"
    try:
        Batch.from_json(file.read_text(encoding="utf-8"), ignore_unknown_fields=False)
    except ParseError as error:
        yield f"{file.name}: {error}"
    print(f"{file.name}: by google-cloud-dataproc {version('google-cloud-dataproc')}")


if __name__ == "__main__":
    sys.exit(main())
