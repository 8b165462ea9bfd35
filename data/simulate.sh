#!/usr/bin/env bash
# Make the simulated programmes anew, point DVC at them, and put their bytes into the remote inside
# the repository. The bytes are the same every time, so this changes nothing unless a programme has.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
for programme in "$@"; do
    folder=data/raw/$programme
    "$bin/alliance" simulate "$programme" --output "$folder" --truth "$folder.truth.json"
    "$bin/dvc" add --quiet "$folder"
    # Only the examples name the remote; nothing else may ever be pushed to it.
    grep -q 'remote: example' "$folder.dvc" || sed -i 's/^  path: .*/&\n  remote: example/' "$folder.dvc"
    "$bin/dvc" push --quiet --remote example "$folder.dvc"
done
# Git ignores the remote, so that nobody's own data get into it: new bytes of the examples need
# `git add --force data/remote`.
