#!/bin/sh
# Z.AI's official Python library (`zai-sdk` on PyPI) against `shotlist sandbox`: what the sandbox answers is what that
# library expects of the real service. Needs Python 3.8 or newer with venv, and a way to PyPI; without them it says so
# and passes.
#
#     tests/zai-sdk.sh
set -eu
cd "$(dirname "$0")/.."
VERSION=0.2.3

skip() {
    echo "SKIPPED: zai-sdk was not tried: $1"
    exit 0
}

work=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi; rm -rf "$work"' EXIT

command -v python3 >/dev/null 2>&1 || skip "there is no python3"
python3 -m venv "$work/venv" >"$work/log" 2>&1 || skip "python3 has no venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "zai-sdk==$VERSION" >"$work/log" 2>&1 ||
    skip "zai-sdk $VERSION cannot be installed: $(tail -n 1 "$work/log")"

cargo build --locked --quiet --bin shotlist
shotlist="${CARGO_TARGET_DIR:-target}/debug/shotlist"
"$shotlist" sandbox --dir "$work/far-end" --task-time 500ms >"$work/address" 2>"$work/said" &
server=$!
# Its first line on stdout is JSON with its addresses; reading a pipe would end with it, so the file is watched.
tries=0
until [ -s "$work/address" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { cat "$work/said"; echo "the sandbox did not start"; exit 1; }
    sleep 0.1
done
url=$(sed 's/.*"zai":"\([^"]*\)".*/\1/' "$work/address")
"$work/venv/bin/python" tests/zai-sdk.py "$url" sandbox
echo "zai-sdk $VERSION completed a generation against the sandbox"
