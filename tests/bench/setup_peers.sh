#!/usr/bin/env bash
# Installs the servers that `make bench` compares with, each in an environment of its own under .deps/bench-peers, and
# wrk, which drives the one that speaks HTTP. They take Python's torch from .deps/torch (tests/pt2/setup.sh). Skips what
# is there. One that cannot be installed is left out, with the reason in .deps/bench-peers/NAME.log: the others are
# measured without it.
set -uo pipefail
cd "$(dirname "$0")/../.."
mkdir -p .deps/bench-peers
deps=$(realpath .deps)
peers=$deps/bench-peers
python=/usr/bin/python3

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

wrk() {
  command -v wrk >/dev/null && return
  as_root apt-get install -y -qq --no-install-recommends wrk ||
    { as_root apt-get update -qq && as_root apt-get install -y -qq --no-install-recommends wrk; }
}

# environment NAME REQUIREMENT...: an environment with these packages and torch's.
environment() {
  local folder=$peers/$1; shift
  [ "$(cat "$folder/ready" 2>/dev/null)" = "$*" ] && return
  rm -rf "$folder"
  $python -m venv "$folder" &&
    "$folder/bin/pip" --disable-pip-version-check -q install --prefer-binary "$@" &&
    echo "$deps/torch/lib/python3.11/site-packages" >"$folder/lib/python3.11/site-packages/torch.pth" &&
    echo "$*" >"$folder/ready"
}

# Triton's python backend lies in pytriton's wheel, taken apart.
triton() {
  local site=$peers/triton/lib/python3.11/site-packages/pytriton/tritonserver backend=$peers/triton/backends/python
  environment triton nvidia-pytriton==0.7.0 'numpy<3' || return
  [ -x "$backend/triton_python_backend_stub" ] && return
  mkdir -p "$backend" &&
    cp -r "$site"/backends/python/* "$backend" &&
    cp "$site"/python_backend_stubs/3.11/triton_python_backend_stub "$backend"
}

mosec() { environment mosec mosec==0.9.8 'numpy<3'; }
mlserver() { environment mlserver mlserver==1.7.1 'uvloop<0.22'; }
kserve() { environment kserve kserve==0.21.0; }
torchserve() {
  environment torchserve torchserve==0.12.0 torch-model-archiver==0.12.0 pyyaml 'setuptools<81' 'numpy<3'
}

for peer in wrk triton mosec mlserver kserve torchserve; do
  if ! "$peer" >"$peers/$peer.log" 2>&1; then
    echo "bench: $peer cannot be installed, see .deps/bench-peers/$peer.log"
  fi
done
