# The image of a batch of Dataproc Serverless: Python with the pinned packages and the project. No Spark, no Java and no
# Delta: the platform mounts its own into the container, and the batch names Delta's jars.
# Build from the repository's root, with the version, which leads to the commit:
#   docker build --build-arg VERSION=$(.venv/bin/python -m setuptools_scm) -f deploy/images/dataproc.Dockerfile -t iolaus-dataproc .
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
ENV VIRTUAL_ENV=/opt/iolaus PATH=/opt/iolaus/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
COPY deploy/locks/build.txt deploy/locks/managed.txt deploy/locks/
# --no-deps: the lock has everything but pyspark, which delta-spark would bring.
RUN python -m venv /opt/iolaus \
    && pip install --no-cache-dir --require-hashes -r deploy/locks/build.txt \
    && pip install --no-cache-dir --require-hashes --no-build-isolation --no-deps -r deploy/locks/managed.txt
COPY pyproject.toml MANIFEST.in README.md LICENSE ./
COPY jobs jobs
COPY expectations expectations
ARG VERSION=
RUN SETUPTOOLS_SCM_PRETEND_VERSION_FOR_IOLAUS=$VERSION pip install --no-cache-dir --no-deps --no-build-isolation --no-index .

FROM ${PYTHON_IMAGE}
# procps and tini are called by the platform, which runs the container as the user spark with this number.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends procps tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 1099 spark \
    && useradd --uid 1099 --gid 1099 --create-home --home-dir /home/spark spark
COPY --from=build /opt/iolaus /opt/iolaus
COPY deploy/dataproc/submit.py /opt/iolaus/submit.py
ENV PYSPARK_PYTHON=/opt/iolaus/bin/python \
    PYSPARK_DRIVER_PYTHON=/opt/iolaus/bin/python \
    OPENBLAS_NUM_THREADS=1
USER 1099
