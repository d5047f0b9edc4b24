#!/usr/bin/env python3
"""Breaks the program on purpose, one promise at a time, and checks that a test notices each break.

    tests/breaks.py                  every break and every removed injection; about half an hour on two cores
    tests/breaks.py pool redirects   some of them, by name

A break replaces a text of the code and names the tests of which at least one must fail. An injection is a fault that a
test of the fault table causes: without the fault the test must fail, because otherwise it would pass whatever the
program did. The changes are made in a copy of the tree below target/breaks, and each is taken back before the next.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "breaks"

# Name: the changes as (file, text, text in its place), and the tests as (target of cargo, words of the tests' names).
BREAKS = {
    "intent-after-post": (
        [
            ("src/engine/drive.rs", '''        self.world.reach("submit.before_intent");
''', '''        let Some(paid) = &self.paid else { return Ok(Err(Left::Closed)) };
        let sent = paid.submit(&self.account.endpoint, &call, bytes.clone()).await;
        self.world.reach("submit.before_intent");
'''),
            ("src/engine/drive.rs", "Ok(Claimed { take, call, bytes })", "Ok(Claimed { take, sent })"),
            ("src/engine/drive.rs", "    call: PaidCall,\n    bytes: Bytes,\n",
             "    sent: Result<crate::wire::Reply, crate::transport::SendFault>,\n"),
            ("src/engine/drive.rs", "let Claimed { take: claimed, call, bytes } =", "let Claimed { take: claimed, sent } ="),
            ("src/engine/drive.rs", """        let mut attempts = 0;
        let sent = loop {
            let sent = paid.submit(&self.account.endpoint, &call, bytes.clone()).await;
            // The proof that nothing left allows the same attempt again.
            let is_out = sent.as_ref().is_err_and(|fault| fault.kind == SendFaultKind::NoFiles);
            if !self.world.calls_again(is_out, &mut attempts).await {
                break sent;
            }
        };
""", ""),
        ],
        [("--test it", "engine::stories kill::crash_lines")],
    ),
    "pool": (
        [("src/transport/client.rs", "builder(settings)?.pool_max_idle_per_host(0)", "builder(settings)?.pool_max_idle_per_host(8)")],
        [("--test it", "transport::")],
    ),
    "redirects": (
        [("src/transport/settings.rs", "redirect(reqwest::redirect::Policy::none())", "redirect(reqwest::redirect::Policy::limited(5))")],
        [("--test it", "transport::n22")],
    ),
    "folder-sync": (
        [("src/files/folders.rs", "self.open.get(&folder).map(|dir| dir.sync())", "self.open.get(&folder).map(|_| Ok(()))")],
        [("--test it", "engine::stories files::")],
    ),
    "held-retried": (
        [("src/plan/decide.rs", "            blocked(&known.key, unsettled, false)\n        } else {\n            Decision::InFlight",
          "            Decision::Again { instead_of: unsettled.id.clone() }\n        } else {\n            Decision::InFlight")],
        [("--test it", "engine::stories cli::doubt")],
    ),
    "ledger-line": (
        [("src/store/ledger.rs", "Event::Accepted(_) | Event::Found(_) => Some(Self::Accepted)", "Event::Accepted(_) | Event::Found(_) => None")],
        [("--test it", "engine::stories store::")],
    ),
    "resolver-only-guard": (
        [("src/transport/fetch.rs", "match addresses::refused(literal, allowed.loopback) {", "match addresses::refused(literal, true).filter(|_| false) {")],
        [("--lib", "transport::fetch"), ("--test it", "transport::")],
    ),
    "reservation-after-post": (
        [("src/store/runs.rs", "let available = cap - spent(db, window)?.total();",
          "let spent = spent(db, window)?;\n        let available = cap - (spent.settled + spent.in_doubt);")],
        [("--test it", "engine::budget store:: cli::budget cli::bounds")],
    ),
    "adoption-of-unwanted-only": (
        [("src/plan/decide.rs", "        Claim::Gone | Claim::Changed { .. } => Some(Owner::Free),\n",
          "        Claim::Gone => Some(Owner::Free),\n        Claim::Changed { .. } => None,\n")],
        [("--lib", "plan::"), ("--test it", "engine::stories")],
    ),
    "host-trouble-counted": (
        [("src/domain/lifecycle/step.rs", "            FetchSetback::Trouble { after, progress } => {\n",
          "            FetchSetback::Trouble { progress: false, .. } => self.no_clip(HeldReason::NoResult, at, policy),\n"
          "            FetchSetback::Trouble { after, progress } => {\n")],
        [("--lib", "domain::lifecycle"), ("--test it", "engine::hosts")],
    ),
}

INJECTIONS = {
    "S08": ([("src/transport/fetch/tests.rs", '"1.1.1.1:0", "10.0.0.7:0"', '"1.1.1.1:0", "1.0.0.1:0"')],
            [("--lib", "s08_one_private")]),
    "A39": ([("tests/it/engine/collecting.rs", 'Poll::Refuse(429, "1302", Some(90)), Poll::Refuse(502, "", None)', "Poll::Running, Poll::Running")],
            [("--test it", "a39_a_poll_that_comes_too_fast_waits")]),
    "I33": ([("tests/it/files.rs", 'symlink("../outside.png", root.join("leads-out.png"))', 'symlink("inside.png", root.join("leads-out.png"))')],
            [("--test it", "i28_to_i34")]),
    "A21": ([("tests/it/cli/faults.rs", 'refused(400, "1301", "The prompt may be unsafe");\n    refusal["when"] = json!({ "prompt_contains": "number 2" })',
              'refused(400, "1301", "The prompt may be unsafe");\n    refusal["when"] = json!({ "prompt_contains": "nothing" })')],
            [("--test it", "a21_what_the_policy")]),
    "I06": ([("tests/it/cli/again.rs", '    project.edit("products.csv", "\\n", "\\r\\n");\n', "")],
            [("--test it", "i06_windows")]),
    "I18": ([("tests/it/cli/bounds.rs", 'project.edit("shotlist.yaml", "{{ item.title }}", "{{ item.titel }}");',
              'project.edit("shotlist.yaml", "{{ item.title }}", "{{ item.titel | default(item.title) }}");')],
            [("--test it", "i18_an_invalid_manifest")]),
    "A36": ([("tests/it/engine/answers.rs", '[Costs("0.50")]);\n    let ran = bench.run(&["a", "b", "c"])', '[Running]);\n    let ran = bench.run(&["a", "b", "c"])')],
            [("--test it", "a36_a_clip_that_cost_more")]),
    "P05": ([("tests/it/kill/crash_lines.rs", 'crashed_at("submit.after_commit")', 'crashed_at("submit.nowhere")')],
            [("--test it", "p05_a_crash_after_the_task")]),
    "A23": ([("tests/it/engine/collecting.rs", "bench.server.polls(vec![Poll::Missing; 500]);\n    let ran = bench.run(", "let ran = bench.run(")],
            [("--test it", "a23_a_task_that_stays_missing")]),
    "N30": ([("tests/it/transport.rs", "Settings { proxies: Proxies { https: Some(url), ..Proxies::default() }, ..Settings::default() }",
              "{ let _ = url; Settings::default() }")],
            [("--test it", "n30_a_proxy_that_refuses")]),
}


def copy_tree():
    """Copies the files that git knows, and leaves those alone that have not changed, so that little is built anew."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        old, new = ROOT / name, COPY / name
        if old.is_symlink() or not old.is_file():
            continue
        if not new.exists() or new.read_bytes() != old.read_bytes():
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(old, new)
            shutil.copymode(old, new)


def tests(target, words):
    """Runs tests, and returns the program's exit code and what it printed."""
    command = ["cargo", "test", "--locked", *target.split(), "--", *words.split()]
    kept = {**os.environ, "CARGO_TARGET_DIR": str(COPY / "target"), "INSTA_UPDATE": "no", "RUST_BACKTRACE": "0"}
    ended = subprocess.run(command, cwd=COPY, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return ended.returncode, ended.stdout


def is_noticed(name, changes, filters):
    """Makes the changes, runs the tests, takes the changes back, and returns whether a test failed."""
    before = {}
    try:
        for file, text, other in changes:
            path = COPY / file
            found = path.read_text(encoding="utf-8")
            before.setdefault(path, found)
            if text not in found:
                print(f"{name}: {file} has no such text any more; mend this script")
                return False
            path.write_text(found.replace(text, other, 1), encoding="utf-8")
        for target, words in filters:
            code, said = tests(target, words)
            if code == 0:
                continue
            failed = re.findall(r"^test (\S+) \.\.\. FAILED$", said, re.M)
            if not failed:
                errors = "\n".join(re.findall(r"^error.*(?:\n.*){0,6}", said, re.M)[:3])
                print(f"{name}: the changed code does not build\n{errors}")
                return False
            why = re.search(r"panicked at [^\n]*\n(.{0,200})", said)
            print(f"{name}: noticed by {', '.join(failed[:3])}: {why.group(1) if why else ''}")
            return True
        print(f"{name}: NOT NOTICED")
        return False
    finally:
        for path, found in before.items():
            path.write_text(found, encoding="utf-8")


def main():
    asked = sys.argv[1:]
    every = {**BREAKS, **INJECTIONS}
    unknown = [name for name in asked if name not in every]
    if unknown:
        sys.exit(f"there is no {', '.join(unknown)}; there are {', '.join(every)}")
    copy_tree()
    noticed = [is_noticed(name, *every[name]) for name in asked or every]
    print(f"{sum(noticed)} of {len(noticed)} are noticed")
    sys.exit(0 if all(noticed) else 1)


if __name__ == "__main__":
    main()
