#!/usr/bin/env bash
# Fetches what `make cluster-test` needs into .deps/kubernetes: a real kube-apiserver, its controllers and scheduler,
# and kwok, which stands for the nodes; all compiled from the modules that go.mod and go.sum pin. etcd is Debian's.
# Skips what is there. Compiling takes some minutes of two cores and 2 GB.
set -euo pipefail
cd "$(dirname "$0")/../../.."
deploy/helm/tools/setup.sh
cluster=deploy/helm/cluster
. deploy/helm/tools/go_toolchain.sh
into=$PWD/.deps/kubernetes
stamp=$into/cluster-stamp

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
inputs() { cat $cluster/setup.sh $cluster/go.mod $cluster/go.sum | sha256sum; }

command -v etcd >/dev/null || as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq etcd-server
[ -f "$stamp" ] && [ "$(inputs)" = "$(cat "$stamp")" ] && exit
go=$(go_program $cluster)
release=$(sed -n 's/.*k8s.io\/kubernetes v\([0-9.]*\).*/\1/p' $cluster/go.mod)
minor=${release#*.}
version=k8s.io/component-base/version.git
echo "cluster: compiling the control plane of Kubernetes $release with $("$go" version)"
CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local nice "$go" -C $cluster build -trimpath -o "$into/bin/" \
  -ldflags="-s -w -X ${version}Version=v$release -X ${version}Major=1 -X ${version}Minor=${minor%.*}" \
  k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager \
  k8s.io/kubernetes/cmd/kube-scheduler sigs.k8s.io/kwok/cmd/kwok
inputs >"$stamp"
