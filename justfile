# Recipes for everyday work. `.ci/run` needs only Rust and a C compiler, and none of the other tools.

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

# Runs every check that must pass before a change lands.
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
    typos src docs README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md

# Checks the subjects of the commits since another commit: at most 72 characters, no full stop, a blank line below.
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

# Kills a running batch this number of times, and checks after each kill that nothing was lost or paid twice.
kill rounds="30":
    tests/kill.sh {{ rounds }}

# Kills the program, or makes a call fail, at each system call of 12 jobs: `just enumerate --sample 3` for some of them.
enumerate *options:
    cargo build --locked
    tests/enumerate.py {{ options }}

# Renders this number of jobs over a sandbox with every fault, and kills the program every 3 s.
soak jobs="10000":
    cargo build --locked --release
    tests/soak.py {{ jobs }}

# Runs this number of random stories of the engine, from seed 0 on.
stories count="2000":
    SHOTLIST_STORIES={{ count }} cargo test --locked --test it engine::stories

# Feeds the readers of files and answers with random bytes: `just fuzz` for all of them, `just fuzz ledger 1200` for one.
fuzz *options:
    tests/fuzz/run {{ options }}

# Changes the code of a part (domain, decision, replay) in small ways, and lists the changes that no test detects. First: cargo install cargo-mutants
mutants part="domain" *options:
    tests/mutants/run {{ part }} {{ options }}

# Breaks each promise on purpose, and leaves the faults out of their tests: `just breaks pool redirects` for some of them.
breaks *names:
    tests/breaks.py {{ names }}

# Measures plans and nights of large catalogs.
bench:
    benches/plan.sh
    benches/night.sh

# Compares whole batches with a Python runner and curl: `just compare --case jobs --runs 1` for one case.
compare *options:
    benches/compare/run {{ options }}

# Builds the crate as it is published, and shows its size.
package:
    cargo package --locked --no-verify
    ls -l target/package/*.crate
