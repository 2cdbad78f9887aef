# Not an image to run: it makes environment.tar.gz, the Python environment that a job of EMR Serverless unpacks. It is made
# on the system that the platform runs on, for a packed environment calls the Python of that system.
# Build from the repository's root, with the version, which leads to the commit:
#   docker build --build-arg VERSION=$(.venv/bin/python -m setuptools_scm) -f deploy/images/emr-environment.Dockerfile --output . .
ARG AMAZON_IMAGE=public.ecr.aws/amazonlinux/amazonlinux:2023

FROM ${AMAZON_IMAGE} AS build
# hadolint ignore=DL3041
RUN dnf install --assumeyes python3.11 tar gzip && dnf clean all
WORKDIR /build
ENV VIRTUAL_ENV=/opt/iolaus PATH=/opt/iolaus/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
COPY deploy/locks/build.txt deploy/locks/managed.txt deploy/locks/
# --no-deps: the lock has everything but pyspark, which delta-spark would bring.
RUN python3.11 -m venv --copies /opt/iolaus \
    && pip install --no-cache-dir --require-hashes -r deploy/locks/build.txt \
    && pip install --no-cache-dir --require-hashes --no-build-isolation --no-deps -r deploy/locks/managed.txt \
    && pip install --no-cache-dir venv-pack==0.2.0
COPY pyproject.toml MANIFEST.in README.md LICENSE ./
COPY jobs jobs
COPY expectations expectations
ARG VERSION=
RUN SETUPTOOLS_SCM_PRETEND_VERSION_FOR_IOLAUS=$VERSION pip install --no-cache-dir --no-deps --no-build-isolation --no-index . \
    && venv-pack --output /environment.tar.gz

FROM scratch
COPY --from=build /environment.tar.gz /
