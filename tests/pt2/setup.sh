#!/usr/bin/env bash
# What `make pt2-test` and retraining need: Python's whole torch (4.7 GB, .deps/torch), and flight_delay compiled by it
# for this machine (build/pt2). Skips what is there.
set -euo pipefail
cd "$(dirname "$0")/../.."
torch=.deps/torch
model=models/flight_delay
if ! "$torch/bin/python" -c 'import pyarrow, torch; assert torch.__version__.startswith("2.11.0")' 2>/dev/null; then
  echo "pt2: Python's torch, 4.7 GB where it is not there yet"
  /usr/bin/python3 -m venv "$torch"
  "$torch/bin/pip" install --disable-pip-version-check -q -r $model/requirements-train.txt
fi
stamp=$(cat $model/package.py $model/1/model.pt /proc/cpuinfo | grep -av MHz | sha256sum)
if [ "$(cat build/pt2/stamp 2>/dev/null)" != "$stamp" ]; then
  echo "pt2: compiling flight_delay for this machine"
  "$torch/bin/python" $model/package.py build/pt2
  echo "$stamp" >build/pt2/stamp
fi
