#!/usr/bin/env bash
# Renew the three locks. Versions stay as they are unless --upgrade (or --upgrade-package NAME) is
# given; hashes cover every platform; no registry's address is written.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
    .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$@"
}
compile "$@" pyproject.toml --output-file requirements.lock
compile "$@" requirements/build.in --constraint requirements.lock \
    --output-file requirements/build.lock
compile "$@" pyproject.toml --extra dev --constraint requirements.lock \
    --output-file requirements-dev.lock
