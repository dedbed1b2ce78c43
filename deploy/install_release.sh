#!/bin/sh
# Makes a release ready to run, in its own folder: deploy/install_release.sh. Needs Python 3.11, npm and the
# registries of both, or the settings of pip and npm for others; no npm where node_modules/@gouvfr was copied
# from another machine. Nothing that runs is touched.
set -eu
cd -- "$(dirname -- "$0")/.."
python3 -m venv .venv
.venv/bin/pip --disable-pip-version-check install -q --require-hashes -r requirements.lock
[ -d node_modules/@gouvfr/dsfr/dist ] || npm ci --ignore-scripts --omit=dev --no-audit --no-fund
PYTHONDONTWRITEBYTECODE='' .venv/bin/python -m compileall -q shared services operations
.venv/bin/python -m operations --help >/dev/null
