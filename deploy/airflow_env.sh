#!/bin/sh
# Make or refresh Airflow's own environment, .venv-airflow, from deploy/locks/airflow.txt: its Spark provider brings a
# second, smaller pyspark, which must not lie over the full one in .venv. Does nothing, in a moment, if it is up to date.
set -eu
cd "$(dirname "$0")/.."
env=.venv-airflow
made_from() { { pwd; cat deploy/locks/build.txt deploy/locks/airflow.txt pyproject.toml deploy/airflow_env.sh; } | cksum; }
stamp=$env/made-from
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(made_from)" ]; then
  exit 0
fi
[ -x .venv/bin/python ] || { echo "no .venv; make it with: make env" >&2; exit 2; }
echo "Making $env (660 MB; three minutes)"
.venv/bin/python -m venv --clear "$env"
pip() { "$env/bin/python" -m pip --quiet --disable-pip-version-check --no-input "$@"; }
pip install --require-hashes -r deploy/locks/build.txt
pip install --require-hashes --no-build-isolation -r deploy/locks/airflow.txt
# The DAGs need the map and nothing else of the project: none of its dependencies.
pip install --no-deps --no-build-isolation --no-index -e .
made_from > "$stamp"
echo "Ready: $env"
