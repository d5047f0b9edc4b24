# Recipes for everyday work. `.ci/run` needs none of these tools but Rust and a C compiler.

# Lists the recipes.
default:
    @just --list

# Checks that everything compiles.
check:
    CARGO_INCREMENTAL=1 cargo check --locked --all-targets

# Formats the code.
fmt:
    cargo fmt

# Runs all tests, or those whose name contains a word.
test *names:
    cargo test --locked {{ names }}

# Runs everything that must hold before a change lands.
ci:
    .ci/run

# Builds the guide into target/book. First: cargo install mdbook
book:
    mdbook build docs

# Serves the guide at http://localhost:3000 and builds it again on every change.
book-serve:
    mdbook serve docs

# Checks advisories, licences and sources of the dependencies. First: cargo install cargo-deny
deny:
    cargo deny check

# Looks for spelling mistakes. First: cargo install typos-cli
typos:
    typos src docs README.md CONTRIBUTING.md CHANGELOG.md

# Checks the subjects of the commits since another one: 72 characters, no full stop, a blank line below.
commits since="origin/main":
    #!/usr/bin/env bash
    set -euo pipefail
    wrong=0
    for commit in $(git rev-list --no-merges "{{ since }}..HEAD"); do
        subject=$(git show -s --format=%s "$commit")
        second=$(git show -s --format=%B "$commit" | sed -n 2p)
        if [ "${#subject}" -gt 72 ] || [[ "$subject" == *. ]] || [ -n "$second" ]; then
            echo "$commit: $subject"
            wrong=1
        fi
    done
    exit "$wrong"

# Kills a running batch so many times, and checks after each kill that nothing was lost or paid twice.
kill rounds="30":
    tests/kill.sh {{ rounds }}

# Kills 12 jobs at each of their system calls, or fails it: `just enumerate --sample 3` for some of them.
enumerate *options:
    cargo build --locked
    tests/enumerate.py {{ options }}

# Renders so many jobs over a sandbox with every fault, and kills the program every 3 s.
soak jobs="10000":
    cargo build --locked --release
    tests/soak.py {{ jobs }}

# Tells so many random stories of the engine, from seed 0 on.
stories count="2000":
    SHOTLIST_STORIES={{ count }} cargo test --locked --test it engine::stories

# Feeds the readers of foreign bytes with made-up ones: `just fuzz` for all of them, `just fuzz ledger 1200` for one.
fuzz *options:
    tests/fuzz/run {{ options }}

# Changes the code of a part (domain, decision, replay) in small ways, and tells which changes no test notices. First: cargo install cargo-mutants
mutants part="domain" *options:
    tests/mutants/run {{ part }} {{ options }}

# Measures plans and nights of large catalogs.
bench:
    benches/plan.sh
    benches/night.sh

# Measures whole batches beside a Python runner and curl: `just compare --case jobs --runs 1` for one case.
compare *options:
    benches/compare/run {{ options }}

# Builds the crate as it is published, and shows its size.
package:
    cargo package --locked --no-verify
    ls -l target/package/*.crate
