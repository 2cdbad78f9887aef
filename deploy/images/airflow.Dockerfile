# The image of Airflow's scheduler, API server, dag processor and triggerer: Airflow from its own lock, Spark's client of its
# provider, the project's map without its dependencies, and the DAGs.
# Build from the repository's root, with the version, which leads to the commit:
#   docker build --build-arg VERSION=$(.venv/bin/python -m setuptools_scm) -f deploy/images/airflow.Dockerfile -t iolaus-airflow .
# The base image is named by its tag here, for a digest ages with every security fix of the base: pin yours where you build,
# with --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:…, as your registry tells it.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
ENV VIRTUAL_ENV=/opt/airflow PATH=/opt/airflow/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
COPY deploy/locks/build.txt deploy/locks/airflow.txt deploy/locks/
RUN python -m venv /opt/airflow \
    && pip install --no-cache-dir --require-hashes -r deploy/locks/build.txt \
    && pip install --no-cache-dir --require-hashes --no-build-isolation -r deploy/locks/airflow.txt
COPY pyproject.toml MANIFEST.in README.md LICENSE ./
COPY jobs jobs
COPY expectations expectations
# Without dependencies: a DAG imports iolaus.pipeline, which needs the standard library alone.
ARG VERSION=
RUN SETUPTOOLS_SCM_PRETEND_VERSION_FOR_IOLAUS=$VERSION pip install --no-cache-dir --no-deps --no-build-isolation --no-index .

FROM ${PYTHON_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-17-jre-headless procps tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 50000 --gid 0 --create-home --shell /usr/sbin/nologin airflow
COPY --from=build /opt/airflow /opt/airflow
COPY dags /opt/dags
COPY jobs/submit.py /opt/iolaus/submit.py
ENV PATH=/opt/airflow/bin:$PATH \
    AIRFLOW_HOME=/home/airflow \
    AIRFLOW__CORE__LOAD_EXAMPLES=false \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/dags
WORKDIR /home/airflow
USER 50000
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["airflow", "version"]
