#!/usr/bin/env bash
# The schema of `shotlist schema` in the hands of another validator, `check-jsonschema` on PyPI: it takes every manifest
# that is right, and refuses every one that is wrong, as tests/fixtures/schema.txt says. Needs Python 3.9 or newer with
# venv, and a way to PyPI; without them it says so and passes.
#
#     tests/schema.sh
set -euo pipefail
cd "$(dirname "$0")/.."
VERSION=0.39.0

skip() {
    echo "SKIPPED: check-jsonschema was not tried: $1"
    exit 0
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v python3 >/dev/null 2>&1 || skip "there is no python3"
python3 -m venv "$work/venv" >"$work/log" 2>&1 || skip "python3 has no venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "check-jsonschema==$VERSION" >"$work/log" 2>&1 ||
    skip "check-jsonschema $VERSION cannot be installed: $(tail -n 1 "$work/log")"

cargo build --locked --quiet --bin shotlist
"${CARGO_TARGET_DIR:-target}/debug/shotlist" schema --quiet >"$work/schema.json"

# The files that the patterns of some lines stand for.
listed() {
    sed -n "s/^$1 //p" tests/fixtures/schema.txt | while read -r pattern _; do printf '%s\n' $pattern; done
}

# Those of the files on stdin that the validator takes.
taken() {
    mapfile -t files
    "$work/venv/bin/check-jsonschema" --output-format json --schemafile "$work/schema.json" "${files[@]}" >"$work/said" || true
    "$work/venv/bin/python" - "$work/said" "${files[@]}" <<'PYTHON'
import json, sys

said = json.load(open(sys.argv[1]))
refused = {error["filename"] for kind in ("errors", "parse_errors") for error in said.get(kind, [])}
print("\n".join(file for file in sys.argv[2:] if file not in refused))
PYTHON
}

listed right | sort >"$work/right"
listed right | taken | sort | diff "$work/right" - || { echo "^ right, and refused"; exit 1; }
listed wrong | grep -vxFf <(listed heavy) >"$work/wrong"
listed unseen | sort >"$work/unseen"
taken <"$work/wrong" | sort | diff "$work/unseen" - || { echo "^ wrong: listed as taken (<), taken (>)"; exit 1; }
refused=$(($(wc -l <"$work/wrong") - $(wc -l <"$work/unseen")))
echo "check-jsonschema $VERSION takes $(wc -l <"$work/right") manifests and refuses $refused"
