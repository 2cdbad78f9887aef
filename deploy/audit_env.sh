#!/bin/sh
# Make or refresh the environment of `make sbom` and `make audit`, .venv-audit, from deploy/locks/audit.txt. It is apart from
# .venv, so that what tells what is pinned is pinned nowhere else. Does nothing, in a moment, if it is up to date.
set -eu
cd "$(dirname "$0")/.."
env=.venv-audit
made_from() { { pwd; cat deploy/locks/audit.txt deploy/audit_env.sh; } | cksum; }
stamp=$env/made-from
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(made_from)" ]; then
  exit 0
fi
python=
for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
  if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || { echo "no Python 3.11 or newer with venv found; install one (Debian: apt-get install python3 python3-venv) or name one: make audit PYTHON=/path/to/python3" >&2; exit 2; }
echo "Making $env (70 MB; half a minute)"
"$python" -m venv --clear "$env"
"$env/bin/python" -m pip --quiet --disable-pip-version-check --no-input install --require-hashes --only-binary :all: -r deploy/locks/audit.txt
made_from > "$stamp"
