#!/bin/sh
# Get what the browser tests need from Debian: chromium. Where that cannot be, say why and go on;
# the tests that need it are then skipped with the same reason.
set -eu

skip() {
  echo "system: the browser tests will be skipped: $1"
  exit 0
}

if command -v chromium >/dev/null 2>&1; then
  exit 0
fi
command -v apt-get >/dev/null 2>&1 || skip "chromium is missing and this is no Debian (no apt-get)"
[ "$(id -u)" -eq 0 ] || skip "chromium is missing and only root may install it: apt-get install chromium"

echo "system: installing chromium for the browser tests ..."
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ apt-get update && apt-get install --yes --no-install-recommends chromium; } >"$log" 2>&1 ||
  skip "apt-get could not install chromium: $(grep '^E:' "$log" | head -n 1)"
command -v chromium >/dev/null 2>&1 || skip "apt-get installed chromium, but it is not in PATH"
