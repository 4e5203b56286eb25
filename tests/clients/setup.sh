#!/usr/bin/env bash
# Installs the clients that `make clients-test` drives, under .deps/clients: perf_analyzer out of tritonclient's wheel,
# KServe's Python SDK in an environment of its own, and, where Go is installed, ghz and grpcurl. Skips what is there.
set -euo pipefail
cd "$(dirname "$0")/../.."
clients=.deps/clients
mkdir -p "$clients"
python=/usr/bin/python3

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

wheel() { # wheel FOLDER REQUIREMENT: the files of one wheel, without what it depends on
  local folder=$1 requirement=$2
  [ -d "$clients/$folder" ] && return
  rm -rf "$clients/download"
  $python -m pip --disable-pip-version-check -q download --no-deps --only-binary=:all: -d "$clients/download" "$requirement"
  mkdir "$clients/$folder.part"
  unzip -q "$clients"/download/*.whl -d "$clients/$folder.part"
  mv "$clients/$folder.part" "$clients/$folder"
  rm -rf "$clients/download"
}

perf_analyzer() {
  dpkg-query -W -f='${db:Status-Status}' libb64-0d 2>/dev/null | grep -qx installed || as_root apt-get install -y -qq libb64-0d
  wheel cuda_runtime nvidia-cuda-runtime-cu12==12.9.79
  wheel tritonclient tritonclient==2.50.0
  chmod +x "$clients"/tritonclient/tritonclient-2.50.0.data/data/bin/perf_analyzer
}

kserve() {
  [ -e "$clients/kserve/ready" ] && return
  rm -rf "$clients/kserve"
  $python -m venv "$clients/kserve"
  "$clients/kserve/bin/pip" --disable-pip-version-check -q install kserve==0.21.0
  touch "$clients/kserve/ready"
}

go_clients() {
  local go; go=$(command -v go || true)
  [ -n "$go" ] || { echo "clients: no go, so no ghz and no grpcurl"; return; }
  local bin=$PWD/$clients/bin
  [ -x "$bin/ghz" ] || GOBIN=$bin "$go" install github.com/bojand/ghz/cmd/ghz@v0.120.0
  [ -x "$bin/grpcurl" ] || GOBIN=$bin "$go" install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
}

perf_analyzer
kserve
go_clients
