#!/usr/bin/env bash
# Fetches what testing the chart needs into .deps/kubernetes: helm, helm-unittest and kubeconform, compiled from the
# modules that go.mod and go.sum pin, and Kubernetes' JSON schemas. Skips what is there; three minutes the first time.
set -euo pipefail
cd "$(dirname "$0")/../../.."
tools=deploy/helm/tools
into=$PWD/.deps/kubernetes
stamp=$into/stamp
pip=(.deps/venv/bin/pip --disable-pip-version-check -q install --no-deps --only-binary=:all: --require-hashes)

inputs() {
  cat $tools/setup.sh $tools/go.{mod,sum} $tools/custom-resources/*.go $tools/requirements*.txt $tools/*.py | sha256sum
}
[ -f "$stamp" ] && [ "$(inputs)" = "$(cat "$stamp")" ] && exit

# go_program: a Go as new as go.mod asks: the machine's own, or the one of the wheel.
go_program() {
  local wanted found
  wanted=$(sed -n 's/^go //p' $tools/go.mod)
  found=$(go env GOVERSION 2>/dev/null | sed 's/^go//' || true)
  if [ -n "$found" ] && [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -1)" = "$wanted" ]; then
    command -v go
    return
  fi
  [ -d "$into/go" ] || "${pip[@]}" --target "$into/go" -r $tools/requirements-go.txt
  find "$into/go" -path '*/bin/go' -type f | head -1
}

mkdir -p "$into/bin"
exec 9>"$into/lock"
flock 9
rm -rf "$into/python" "$into/schemas"
"${pip[@]}" --target "$into/python" -r $tools/requirements.txt
.deps/venv/bin/python $tools/kubernetes_schemas.py "$into/python/kubernetes_validate" "$into/schemas"
go=$(go_program)
chmod +x "$go"
# Without this helm takes the cluster for one of Kubernetes 1.20 where there is none to ask.
kubernetes=helm.sh/helm/v3/pkg/chartutil.k8sVersion
echo "chart tools: compiling helm, helm-unittest and kubeconform with $("$go" version)"
CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local "$go" -C $tools build -trimpath -o "$into/bin/" \
  -ldflags="-s -w -X ${kubernetes}Major=1 -X ${kubernetes}Minor=36" \
  helm.sh/helm/v3/cmd/helm github.com/helm-unittest/helm-unittest/cmd/helm-unittest \
  github.com/yannh/kubeconform/cmd/kubeconform ./custom-resources
inputs >"$stamp"
