#!/usr/bin/env bash
# Renders the sample catalog in the sandbox and photographs what came out, as a browser plays it: one clip at three
# times, and three others. Writes examples/clips.png, the picture in the README.
#
#     examples/clips.sh
#
# Needs a headless Chromium that plays H.264 (Debian: the package `chromium`).
set -euo pipefail
cd "$(dirname "$0")/.."
browser="$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)"
[ -n "$browser" ] || { echo "no Chromium: apt install chromium" >&2; exit 1; }
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cp -r manifests/catalog.yaml manifests/products.csv manifests/pictures "$folder"
cargo run --quiet -- run "$folder/catalog.yaml" --sandbox --yes

clip() { echo "<video muted preload=auto src='sandbox/renders/$1/$1_hero.mp4#t=$2'></video>"; }
{
    echo "<!doctype html><style>body{margin:0;background:#fff;display:grid;grid-template-columns:repeat(3,1fr);gap:8px}"
    echo "video{width:100%;display:block}</style>"
    clip 0123 0.1
    clip 0123 2
    clip 0123 3.9
    clip 0102 1
    clip 0110 2
    clip 0222 3
} > "$folder/page.html"
# Virtual time: the picture is taken when all videos stand at their times, not after a while.
"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --allow-file-access-from-files \
    --window-size=1500,566 --virtual-time-budget=10000 --screenshot="$PWD/examples/clips.png" \
    "file://$folder/page.html" 2> "$folder/chromium.log" || { cat "$folder/chromium.log" >&2; exit 1; }
echo "wrote examples/clips.png"
