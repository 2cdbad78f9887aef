#!/bin/sh
# Make or refresh the environment .venv: `make env`. Does nothing, in a moment, if it is up to date.
# Needs Java 17 or 21 and Python 3.11 or newer; a missing one gives one line that says what to do.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 2; }

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
fix="install Java 17 (Debian: apt-get install openjdk-17-jre-headless) or point JAVA_HOME at one"
version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1) || true
case $version in
  17|21) ;;
  "") fail "no Java found; $fix" ;;
  *) fail "Java $version at $(command -v "$java") is not one Spark 4.1 runs on; $fix" ;;
esac

# What the environment is made from; also where it lies, because an environment cannot be moved.
made_from() { { pwd; cat deploy/locks/build.txt deploy/locks/spark.txt pyproject.toml deploy/env.sh deploy/fetch_jars.py deploy/archive_classes.py; } | cksum; }
stamp=.venv/made-from
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(made_from)" ]; then
  exit 0
fi

usable() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
if ! { [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 && [ "$(.venv/bin/python -c 'import sys; print(sys.prefix)')" = "$(pwd -P)/.venv" ]; }; then
  python=
  for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    if usable "$candidate"; then python=$candidate; break; fi
  done
  [ -n "$python" ] || fail "no Python 3.11 or newer with venv found; install one (Debian: apt-get install python3 python3-venv) or name one: make env PYTHON=/path/to/python3"
  say "Making .venv with $("$python" --version)"
  "$python" -m venv --clear .venv
fi

say "Installing the pinned packages (the first time, some minutes)"
pip() { .venv/bin/python -m pip --quiet --disable-pip-version-check --no-input "$@"; }
pip install --require-hashes -r deploy/locks/build.txt
pip install --require-hashes --no-build-isolation -r deploy/locks/spark.txt
pip install --no-deps --no-build-isolation --no-index -e .
.venv/bin/python deploy/fetch_jars.py
.venv/bin/python deploy/archive_classes.py || say "Java's classes were not archived: it starts more slowly, and nothing else"
made_from > "$stamp"
say "Ready: .venv"
