#!/bin/sh
# Pin anew: install what pyproject.toml asks for into a fresh environment and write down what came.
set -eu
python=${1:-python3.11}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.13.0
"$work/venv/bin/pip" install --quiet -e '.[dev,bench,discord,slack,train]'
{
  echo '# Every version that `make` installs; `make lock` pins them anew.'
  echo '# torch comes first in every install: unpinned, it may bring gigabytes of another build.'
  "$work/venv/bin/pip" freeze --exclude-editable | sed 's/+cpu$//'
} > requirements.lock
