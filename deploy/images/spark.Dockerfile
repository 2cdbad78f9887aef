# The image of driver, executors, standalone masters and workers: Spark, the pinned packages, Delta's and S3's jars, the project.
# Build from the repository's root, with the version, which leads to the commit:
#   docker build --build-arg VERSION=$(.venv/bin/python -m setuptools_scm) -f deploy/images/spark.Dockerfile -t iolaus-spark .
# The base image is named by its tag here, for a digest ages with every security fix of the base: pin yours where you build,
# with --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:…, as your registry tells it.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
ENV VIRTUAL_ENV=/opt/iolaus PATH=/opt/iolaus/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
COPY deploy/locks/build.txt deploy/locks/runtime.txt deploy/locks/
RUN python -m venv /opt/iolaus \
    && pip install --no-cache-dir --require-hashes -r deploy/locks/build.txt \
    && pip install --no-cache-dir --require-hashes --no-build-isolation -r deploy/locks/runtime.txt
COPY pyproject.toml MANIFEST.in README.md LICENSE ./
COPY jobs jobs
COPY expectations expectations
COPY deploy/fetch_jars.py deploy/fetch_jars.py
# The jars go among Spark's own, so that every JVM of the image has them; their hashes are checked by fetch_jars.py.
ARG VERSION=
RUN SETUPTOOLS_SCM_PRETEND_VERSION_FOR_IOLAUS=$VERSION pip install --no-cache-dir --no-deps --no-build-isolation --no-index . \
    && PYTHONPATH="jobs" python deploy/fetch_jars.py \
    && PYTHONPATH="jobs" python deploy/fetch_jars.py --s3 \
    && mv /opt/iolaus/jars/*.jar /opt/iolaus/jars-s3/*.jar "$(python -c 'import pyspark; print(pyspark.__path__[0])')/jars/" \
    && rmdir /opt/iolaus/jars /opt/iolaus/jars-s3 \
    && ln -s "$(python -c 'import pyspark; print(pyspark.__path__[0])')" /opt/spark

FROM ${PYTHON_IMAGE}
# procps: Spark's launcher calls ps. tini: ends a driver's children with it.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-17-jre-headless procps tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --create-home --shell /usr/sbin/nologin iolaus
COPY --from=build /opt/iolaus /opt/iolaus
COPY --from=build /opt/spark /opt/spark
COPY deploy/spark-defaults.conf /opt/spark-conf/spark-defaults.conf
COPY jobs/submit.py /opt/iolaus/submit.py
COPY --chmod=0755 deploy/images/entrypoint.sh /opt/entrypoint.sh
ENV PATH=/opt/iolaus/bin:/opt/spark/bin:$PATH \
    SPARK_HOME=/opt/spark \
    SPARK_CONF_DIR=/opt/spark-conf \
    PYSPARK_PYTHON=/opt/iolaus/bin/python \
    IOLAUS_JARS_BAKED=1 \
    OPENBLAS_NUM_THREADS=1
WORKDIR /var/tmp
USER 10001
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/entrypoint.sh"]
CMD ["iolaus", "--help"]
