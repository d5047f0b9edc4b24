#!/bin/sh
# Kills a running batch at random moments, as often as wanted, and checks after each kill that nothing was lost and
# nothing was paid twice; then lets the batch end and checks that everything is there.
#
#     tests/kill.sh            30 kills, as `cargo test` does them
#     tests/kill.sh 3000       as many kills as you have patience for: a hundred take about three minutes
#     tests/kill.sh 30 7       another seed: other moments, other clips
#
# Each line shows one kill: how many jobs were in which state, those on their way by name, and the moment of the kill.
# The far end is a sandbox on 127.0.0.1; nothing costs anything.
set -eu
cd "$(dirname "$0")/.."
export SHOTLIST_KILL_ROUNDS="${1:-30}"
if [ $# -ge 2 ]; then
    export SHOTLIST_KILL_SEED="$2"
fi
exec cargo test --test it a_batch_killed_again_and_again -- --nocapture
