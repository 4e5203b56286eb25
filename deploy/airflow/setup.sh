#!/usr/bin/env bash
# What `make loop` needs: Airflow in a Python environment of its own (0.3 GB, .deps/airflow), and Python's whole torch for
# the training (4.7 GB, .deps/torch). Skips what is there.
set -euo pipefail
cd "$(dirname "$0")/../.."
requirements=deploy/airflow/requirements.txt
airflow=.deps/airflow
torch=.deps/torch
stamp=$(sha256sum <$requirements)
if [ "$(cat $airflow/stamp 2>/dev/null)" != "$stamp" ]; then
  echo "loop: Airflow and its Kafka provider"
  rm -rf $airflow
  /usr/bin/python3 -m venv $airflow
  $airflow/bin/pip install -q --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
    -r $requirements
  echo "$stamp" >$airflow/stamp
fi
if ! $torch/bin/python -c 'import torch, pyarrow' 2>/dev/null; then
  echo "loop: Python's torch, 4.7 GB"
  [ -x $torch/bin/pip ] || /usr/bin/python3 -m venv $torch
  $torch/bin/pip install -q --disable-pip-version-check -r models/flight_delay/requirements-train.txt
fi
