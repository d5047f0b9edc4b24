#!/usr/bin/env bash
# Renders the sample catalog in the sandbox and joins frames of the clips into one picture: one clip at three times, and three
# other clips. Writes examples/clips.png, the picture in the README.
#
#     examples/clips.sh
#
# Needs ffmpeg.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v ffmpeg > /dev/null || { echo "no ffmpeg: apt install ffmpeg" >&2; exit 1; }
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cp -r manifests/catalog.yaml manifests/products.csv manifests/pictures "$folder"
cargo run --quiet -- run "$folder/catalog.yaml" --sandbox --yes

count=0
frame() {
    count=$((count + 1))
    ffmpeg -v error -ss "$2" -i "$folder/sandbox/renders/$1/$1_hero.mp4" -frames:v 1 -vf scale=396:-2 "$folder/$count.png"
}
frame 0123 0.1
frame 0123 2
frame 0123 3.8
frame 0102 1
frame 0110 2
frame 0222 3
ffmpeg -v error -y -i "$folder/%d.png" -frames:v 1 -vf "tile=3x2:padding=6:color=white,split[a][b];
[a]palettegen=max_colors=96:reserve_transparent=0[p];[b][p]paletteuse=dither=none" examples/clips.png
echo "wrote examples/clips.png"
