#!/usr/bin/env bash
# Builds against $PREFIX and puts into it what is ours. `cmake --install` also copies every library that the programs
# load; those are packages of their own here, and must not be overwritten.
set -euo pipefail
rm -rf tests
export CONDA_PREFIX=$PREFIX
cmake --preset release -DCMAKE_CXX_COMPILER_LAUNCHER= -DCMAKE_PREFIX_PATH="$PREFIX"
cmake --build build/release --target driftserve drift_program drift -j "${CPU_COUNT:-2}"
staged=$PWD/build/staged
for component in driftserve development; do
  cmake --install build/release --prefix "$staged" --component "$component"
done
for part in bin share include lib/cmake; do
  mkdir -p "$PREFIX/$part"
  cp -a "$staged/$part/." "$PREFIX/$part/"
done
cp "$staged/lib/libdrift.a" "$PREFIX/lib/"
