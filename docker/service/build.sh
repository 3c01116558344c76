#!/usr/bin/env bash
# Installs fhirscreen into a folder of its own. The image is made by these steps, and so is what the tests start
# outside of a container:
#
#   build.sh packages TARGET   an environment with the locked packages, each file checked against its hash
#   build.sh program TARGET    this source's wheel into it; then what only building needs is taken out
#
# TARGET cannot be moved afterwards. PYTHON is the interpreter of the environment (default: python3).
set -euo pipefail
cd "$(dirname "$0")/../.."
step=$1
target=$2
pip() { "$target/bin/python" -m pip --disable-pip-version-check --quiet --no-input "$@"; }

case $step in
  packages)
    "${PYTHON:-python3}" -m venv "$target"
    pip install --require-hashes --only-binary :all: -r requirements/core.txt
    ;;
  program)
    wheels=$(mktemp -d)
    trap 'rm -rf "$wheels"' EXIT
    "$target/bin/python" -m hatchling build -t wheel -d "$wheels" >/dev/null
    pip install --no-deps --no-index "$wheels"/*.whl
    pip check
    pip uninstall --yes hatchling editables pip
    # What packages carry for their own developers: a fifth of it all.
    find "$target"/lib*/python*/site-packages -type d \( -name tests -o -name include \) -prune -exec rm -rf {} +
    ;;
  *)
    echo "no such step: $step" >&2
    exit 2
    ;;
esac
