"""Write what the wheel and the images are made of, as CycloneDX 1.6 in JSON: `make sbom`.

One file each for the wheel with its extra `spark`, the Spark image and the Airflow image, from the locks they are built
from. The Spark image's has the jars, too: those that `fetch_jars.py` pins, and Spark's own, read from the folder that
`--spark-jars` names. Each file is checked against CycloneDX's schema before it is written, and the same commit gives
the same bytes. What Debian installs into an image stands in no lock, and in none of these files: scan the built image.
"""

import argparse
import ast
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from lock_files import IMAGE, LOCKS, Pin, pins
from packageurl import PackageURL

HERE = Path(__file__).parent


def main() -> int:
    """Write the three files; returns the exit status: 0, or 1 if one does not keep to CycloneDX's schema."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", required=True, help="of the project")
    parser.add_argument("--time", required=True, type=int, help="of the commit, in seconds since 1970")
    parser.add_argument("--spark-jars", required=True, type=Path, help="folder of the jars that pyspark brings")
    parser.add_argument("--base", help="the image that the images are built from, NAME:TAG@sha256:DIGEST")
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()
    lock = {name: (LOCKS / f"{name}.txt").read_text(encoding="utf-8") for name in ("build", "runtime", "airflow")}
    wheel = pins(lock["runtime"])
    spark = pins(lock["build"], IMAGE) + pins(lock["runtime"], IMAGE)
    airflow = pins(lock["build"], IMAGE) + pins(lock["airflow"], IMAGE)
    jars = [*fetched_jars(), *spark_jars(options.spark_jars)]
    made = {
        "iolaus-wheel": bom("iolaus", ComponentType.LIBRARY, options, wheel),
        "iolaus-spark": bom(
            "iolaus-spark", ComponentType.CONTAINER, options, spark, [*jars, base("spark", options.base)]
        ),
        "iolaus-airflow": bom(
            "iolaus-airflow", ComponentType.CONTAINER, options, airflow, [base("airflow", options.base)]
        ),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    for name, each in made.items():
        text = make_outputter(each, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
        if fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
            print(f"{name}: not CycloneDX 1.6: {fault}", file=sys.stderr)
            return 1
        file = options.out / f"{name}.cdx.json"
        file.write_text(text + "\n", encoding="utf-8")
        print(f"{file}: {len(each.components)} components, valid CycloneDX 1.6")
    return 0


def bom(
    name: str, kind: ComponentType, options: argparse.Namespace, pinned: list[Pin], others: Iterable[Component] = ()
) -> Bom:
    """A bill of what one product is made of, with the dependencies that the locks tell."""
    product = Component(name=name, version=options.version, type=kind, bom_ref=name)
    if kind == ComponentType.LIBRARY:
        product.purl = PackageURL("pypi", None, name, options.version)
    own = {pin: package(pin) for pin in dict.fromkeys(pinned)}
    content = {*own.values(), *others}
    told = "\n".join(sorted(f"{c.bom_ref.value} {' '.join(h.content for h in c.hashes)}" for c in content))
    made = Bom(
        components=content,
        serial_number=uuid5(NAMESPACE_URL, f"{name} {options.version} {options.time}\n{told}"),
        metadata=BomMetaData(component=product, timestamp=datetime.fromtimestamp(options.time, UTC)),
    )
    needs: dict[str, list[Component]] = {}
    for pin, component in own.items():
        for needer in pin.needed_by:
            needs.setdefault(needer, []).append(component)
    made.register_dependency(product, [*needs.get("iolaus", []), *others])
    for pin, component in own.items():
        made.register_dependency(component, needs.get(pin.name, []))
    return made


def package(pin: Pin) -> Component:
    """A pinned package of Python; the hashes are those of all its artifacts, of which a machine installs one."""
    purl = PackageURL("pypi", None, pin.name, pin.version)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=each) for each in pin.sha256]
    reference = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(purl.to_string()),
        comment="one of these artifacts",
        hashes=hashes,
    )
    return Component(
        name=pin.name,
        version=pin.version,
        bom_ref=purl.to_string(),
        purl=purl,
        external_references=[reference],
        properties=[Property(name="iolaus:installed-if", value=pin.marker)] if pin.marker else [],
    )


def fetched_jars() -> Iterator[Component]:
    """The jars that the image's build fetches, with the hashes that it holds them against."""
    tree = ast.parse((HERE / "fetch_jars.py").read_text(encoding="utf-8"))  # importing it would start with pyspark
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("JARS", "S3_JARS"):
            for name, sha256 in ast.literal_eval(node.value).items():
                group, _, rest = name.removesuffix(".jar").partition("_")
                artifact, _, version = rest.rpartition("-")
                yield jar(group, artifact, version, sha256)


def spark_jars(folder: Path) -> Iterator[Component]:
    """Spark's own jars. Some do not say their group: these have a name and a hash, and no package URL."""
    files = sorted(folder.glob("*.jar"))
    if not files:
        raise SystemExit(f"{folder} has no jars: name the folder jars of pyspark with --spark-jars")
    for file in files:
        with file.open("rb") as opened:
            sha256 = file_digest(opened, "sha256").hexdigest()
        yield jar(*coordinates(file), sha256)


def coordinates(file: Path) -> tuple[str, str, str]:
    """Group, artifact and version of a jar as Maven wrote them into it; else no group, and the file's name."""
    stem = file.name.removesuffix(".jar")
    with zipfile.ZipFile(file) as opened:
        for name in opened.namelist():
            if not re.fullmatch(r"META-INF/maven/[^/]+/[^/]+/pom\.properties", name):
                continue
            lines = (line.partition("=") for line in opened.read(name).decode().splitlines())
            told = {key.strip(): value.strip() for key, _, value in lines}
            # A jar may hold others; its own is the one it is called after.
            if stem.startswith(f"{told.get('artifactId')}-{told.get('version')}"):
                return told["groupId"], told["artifactId"], told["version"]
    artifact, _, version = re.sub(r"-(?=\d)", "\0", stem, count=1).partition("\0")
    return "", artifact, version


def jar(group: str, artifact: str, version: str, sha256: str) -> Component:
    """A jar."""
    purl = PackageURL("maven", group, artifact, version) if group else None
    return Component(
        group=group or None,
        name=artifact,
        version=version,
        bom_ref=f"jar:{group}:{artifact}:{version}:{sha256[:8]}",
        purl=purl,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)],
    )


def base(image: str, pinned: str | None) -> Component:
    """The image that an image is built from: as the build pins it, else by the tag in its Dockerfile."""
    text = (HERE / f"images/{image}.Dockerfile").read_text(encoding="utf-8")
    named = re.search(r"(?m)^ARG PYTHON_IMAGE=(\S+)$", text)
    assert named is not None, "each Dockerfile names its base"
    tagged, _, digest = (pinned or named[1]).partition("@sha256:")
    name, _, tag = tagged.rpartition(":")
    if not name or (digest and not re.fullmatch("[0-9a-f]{64}", digest)):
        raise SystemExit(f"{pinned} names no base image; write it as NAME:TAG, or NAME:TAG@sha256:DIGEST")
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else []
    return Component(name=name, version=tag, type=ComponentType.CONTAINER, bom_ref=f"base:{tagged}", hashes=hashes)


if __name__ == "__main__":
    sys.exit(main())
