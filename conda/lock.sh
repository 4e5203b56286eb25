#!/usr/bin/env bash
# Solves the environments and writes locks with the hash of every package, for production and CI:
#   conda/lock.sh            conda/locks/conda-linux-64.lock and conda/locks/conda-cuda-linux-64.lock
# then, on a machine without a solver: micromamba create --name driftserve --file conda/locks/conda-linux-64.lock
# Needs conda-lock and conda-forge's channel. A lock is committed by who could solve it, never by hand.
set -euo pipefail
cd "$(dirname "$0")"
command -v conda-lock >/dev/null || { echo "lock: conda-lock is missing: pipx install conda-lock" >&2; exit 1; }
mkdir -p locks

# lock NAME ENVIRONMENT ARGUMENTS...: writes locks/NAME-linux-64.lock, whole or not at all.
lock() {
  local name=$1 environment=$2 work; shift 2
  work=$(mktemp -d)
  conda-lock lock --file "$environment" --platform linux-64 --lockfile "$work/lock.yml" "$@"
  (cd "$work" && conda-lock render --kind explicit --platform linux-64 --filename-template "$name-{platform}" lock.yml)
  [ -s "$work/$name-linux-64.lock" ] || { echo "lock: conda-lock wrote no $name-linux-64.lock" >&2; exit 1; }
  mv "$work/$name-linux-64.lock" locks/
  rm -rf "$work"
}

lock conda environment.yml
lock conda-cuda environment-cuda.yml --virtual-package-spec virtual-packages.yml
