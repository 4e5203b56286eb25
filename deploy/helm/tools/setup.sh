#!/usr/bin/env bash
# Fetches what testing the chart needs into .deps/kubernetes: helm, helm-unittest and kubeconform, compiled from the
# modules that go.mod and go.sum pin, and Kubernetes' JSON schemas. Skips what is there; three minutes the first time.
set -euo pipefail
cd "$(dirname "$0")/../../.."
tools=deploy/helm/tools
. $tools/go_toolchain.sh
into=$PWD/.deps/kubernetes
stamp=$into/stamp
pip=(.deps/venv/bin/pip --disable-pip-version-check -q install --no-deps --only-binary=:all: --require-hashes)

inputs() {
  cat $tools/*.sh $tools/go.{mod,sum} $tools/custom-resources/*.go $tools/requirements*.txt $tools/*.py | sha256sum
}
[ -f "$stamp" ] && [ "$(inputs)" = "$(cat "$stamp")" ] && exit

mkdir -p "$into/bin"
exec 9>"$into/lock"
flock 9
fresh=$into/fresh
rm -rf "$fresh"
"${pip[@]}" --target "$fresh/python" -r $tools/requirements.txt
.deps/venv/bin/python $tools/kubernetes_schemas.py "$fresh/python/kubernetes_validate" "$fresh/schemas"
rm -rf "$into/python" "$into/schemas"
mv "$fresh"/* "$into/"
go=$(go_program $tools)
# Without this helm takes the cluster for one of Kubernetes 1.20 where there is none to ask.
kubernetes=helm.sh/helm/v3/pkg/chartutil.k8sVersion
echo "chart tools: compiling helm, helm-unittest and kubeconform with $("$go" version)"
CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local "$go" -C $tools build -trimpath -o "$into/bin/" \
  -ldflags="-s -w -X ${kubernetes}Major=1 -X ${kubernetes}Minor=36" \
  helm.sh/helm/v3/cmd/helm github.com/helm-unittest/helm-unittest/cmd/helm-unittest \
  github.com/yannh/kubeconform/cmd/kubeconform ./custom-resources
inputs >"$stamp"
