#!/usr/bin/env bash
# Builds and runs tests in stages and prints the seconds of each; called by the Makefile.
#   tests/run.sh build PRESET [TARGET...]     configure and build build/PRESET
#   tests/run.sh unit|integration PRESET      run those tests of build/PRESET
#   tests/run.sh test                         set up, build release, run everything
#   tests/run.sh sanitize                     dev (ASan, UBSan), then tsan
#   tests/run.sh fuzz                         fuzz tests with all checks, then a search of SECONDS_EACH by each body
# The closing line counts the tests of all stages; the exit status is that of the worst.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
logs=build/test-logs
passed=0
failed=0
seconds_of=()

# Prebuilt libraries (gRPC, Protobuf, torch) are not instrumented: containers that cross into them would be reported
# as overflows, and symbols that several of torch's libraries define are no fault of ours.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_container_overflow=0:detect_odr_violation=0:strict_string_checks=1:malloc_context_size=20}
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$PWD/tests/lsan.supp:print_suppressions=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1}

# stage NAME COMMAND...: runs it and notes its seconds.
stage() {
  local name=$1 start status=0; shift
  start=$(date +%s)
  printf '== %s\n' "$name"
  "$@" || status=$?
  seconds_of+=("$name $(($(date +%s) - start))")
  return $status
}

build() {
  local preset=$1; shift
  if ! cmake --preset "$preset" >"$logs/configure-$preset.log" 2>&1; then
    cat "$logs/configure-$preset.log" >&2
    return 1
  fi
  cmake --build "build/$preset" -j "$jobs" ${1+--target "$@"}
}

# tests NAME PRESET CTEST-ARGUMENTS...: runs ctest and adds what passed and failed to the totals.
tests() {
  local name=$1 preset=$2 log=$logs/$1.log status=0 bad total; shift 2
  ctest --test-dir "build/$preset" --output-on-failure "$@" 2>&1 | tee "$log" || status=$?
  read -r bad total < <(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of \([0-9]*\).*/\1 \2/p' "$log" | tail -1) || true
  if [ -z "${total:-}" ]; then
    echo "$name: no test ran" >&2
    return 1
  fi
  failed=$((failed + bad))
  passed=$((passed + total - bad))
  return $status
}

unit() { tests "unit-$1" "$1" -j "$jobs" -LE 'integration|install'; }
integration() { tests "integration-$1" "$1" -j 1 -L 'integration|install'; }
sanitized_server() { tests "server-$1" "$1" -j 1 -L sanitize; }

fuzz_tests() { tests fuzz fuzz -j "$jobs" -L fuzz; }

# search READER: what took a new branch is kept in build/fuzz/found/READER and is where the next search begins.
search() {
  local reader=$1 dictionary=tests/fuzz/$1.dict
  local arguments=("tests/fuzz/corpus/$reader" --seconds "${SECONDS_EACH:-60}" --keep "build/fuzz/found/$reader")
  if [ -e "$dictionary" ]; then arguments+=(--dictionary "$dictionary"); fi
  "build/fuzz/bin/fuzz_$reader" "${arguments[@]}"
}

finish() {
  local status=$?
  ((${#seconds_of[@]} > 1)) && printf '   %-28s %5d s\n' $(printf '%s\n' "${seconds_of[@]}")
  if ((passed + failed > 0)); then
    printf '%d passed, %d failed\n' "$passed" "$failed"
  fi
  exit $status
}
trap finish EXIT
mkdir -p "$logs"

case ${1:-} in
  build) shift; build "$@" ;;
  unit) unit "$2" ;;
  integration) integration "$2" ;;
  test)
    stage setup deploy/build/setup.sh
    stage chart-tools deploy/helm/tools/setup.sh
    stage build build release
    status=0
    stage unit unit release || status=1
    stage integration integration release || status=1
    exit $status ;;
  sanitize)
    stage setup deploy/build/setup.sh
    status=0
    stage build-dev build dev
    stage unit-dev unit dev || status=1
    stage server-dev sanitized_server dev || status=1
    stage build-tsan build tsan
    stage unit-tsan unit tsan || status=1
    exit $status ;;
  fuzz)
    stage setup deploy/build/setup.sh
    stage build-fuzz build fuzz fuzz_programs
    status=0
    stage tests fuzz_tests || status=1
    for corpus in tests/fuzz/corpus/*/; do
      stage "search-$(basename "$corpus")" search "$(basename "$corpus")" || status=1
    done
    exit $status ;;
  *) sed -n '2,8s/^# //p' "$0"; exit 2 ;;
esac
