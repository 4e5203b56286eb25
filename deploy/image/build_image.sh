#!/usr/bin/env bash
# Builds the image with docker or podman, whichever is there. The base is pinned by its digest:
#   deploy/image/build_image.sh TAG                    asks the registry for today's digest, by skopeo or docker
#   deploy/image/build_image.sh TAG sha256:…           takes this one
#   deploy/image/build_image.sh --fill sha256:…        writes build/image/Dockerfile and stops
set -euo pipefail
cd "$(dirname "$0")/../.."
into=build/image

fail() { echo "build_image: $*" >&2; exit 1; }

# fill DIGEST: build/image/Dockerfile with the digest in place, and beside it what of the tree is sent to the builder.
fill() {
  [[ $1 =~ ^sha256:[0-9a-f]{64}$ ]] || fail "expected a digest, sha256: and 64 hexadecimal digits, got '$1'"
  mkdir -p "$into"
  sed "s/BASE_DIGEST AS/$1 AS/" deploy/image/Dockerfile >"$into/Dockerfile"
  cp deploy/image/Dockerfile.dockerignore "$into/Dockerfile.dockerignore"
}

current_digest() {
  if command -v skopeo >/dev/null; then skopeo inspect --format '{{.Digest}}' docker://docker.io/library/debian:bookworm
  else docker buildx imagetools inspect --format '{{.Manifest.Digest}}' debian:bookworm
  fi
}

case ${1:-} in
  '' | -h | --help) sed -n '2,5s/^# //p' "$0"; exit 2 ;;
  --fill) fill "${2:-}"; exit ;;
esac
fill "${2:-$(current_digest)}"
engine=$(command -v docker || command -v podman) || fail "neither docker nor podman is here"
DOCKER_BUILDKIT=1 "$engine" build --file "$into/Dockerfile" --tag "$1" .
