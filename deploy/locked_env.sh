#!/bin/sh
# Make or refresh a small environment, .venv-NAME, from deploy/locks/NAME.txt: that of `docs` builds the site,
# that of `recipes` checks recipes, that of `audit` tells what is pinned. It needs neither Java nor .venv, so that a page
# can be read before anything else is installed. Does nothing, in a moment, if it is up to date.
set -eu
cd "$(dirname "$0")/.."
name=$1
env=.venv-$name
made_from() { { pwd; cat "deploy/locks/$name.txt" deploy/locked_env.sh; } | cksum; }
stamp=$env/made-from
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(made_from)" ]; then
  exit 0
fi
python=
for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
  if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || { echo "no Python 3.11 or newer with venv found; install one (Debian: apt-get install python3 python3-venv) or name one: make … PYTHON=/path/to/python3" >&2; exit 2; }
echo "Making $env (half a minute)"
"$python" -m venv --clear "$env"
"$env/bin/python" -m pip --quiet --disable-pip-version-check --no-input install --require-hashes --only-binary :all: -r "deploy/locks/$name.txt"
made_from > "$stamp"
