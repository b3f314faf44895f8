#!/usr/bin/env bash
# The main job of lab, for real, on trees below a temporary folder: each command is printed before what it says, so that
# reading this is a tutorial. usage: demo.sh BIN_DIR
set -euo pipefail
bin=$(cd "$1" && pwd)
source_dir=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/lab-demo-XXXXXX")
trap 'rm -rf "$work"' EXIT
export PATH="$bin:$PATH" LAB_HOME="$work/home" GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=You GIT_AUTHOR_EMAIL=you@example.org GIT_COMMITTER_NAME=You GIT_COMMITTER_EMAIL=you@example.org
if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold= dim= plain=; fi

say() { printf '\n%s# %s%s\n' "$dim" "$*" "$plain"; }
# run EXPECTED-EXIT-CODE COMMAND...: what lab says on stderr is shown too, as at a terminal.
run() {
    local expected=$1 code=0
    shift
    printf '%s$ %s%s\n' "$bold" "$*" "$plain"
    eval "$*" 2>&1 || code=$?
    [ "$code" = 0 ] || printf '%s(exit %s)%s\n' "$dim" "$code" "$plain"
    [ "$code" = "$expected" ] || { echo "demo: expected exit $expected, not $code" >&2; exit 1; }
}

say "An inventory is YAML in a git repository. This one is examples/inventory of this project: seven servers, a few labels."
say "Four are of the provider 'local': each is a tree of files below LAB_HOME, so nothing of this machine is touched."
say "Three are bare metal, which nothing in this version reaches: every plan says that it did not look at them."
cp -r "$source_dir/examples/inventory" "$work/inventory"
cd "$work/inventory"
run 0 "git init -q -b main && git add -A && git commit -q -m 'the example inventory'"
run 0 "cat servers/web-2.yaml"

say "Every file is checked, every label resolved, every template read."
run 0 "lab validate"
run 0 "lab get servers"

say "What would be done, and why: each line names the file and line that ask for it."
run 0 "lab plan"

say "Make it so. Four machines side by side, each step journaled before and after."
run 0 "lab apply --auto-approve"
run 0 "cat \$LAB_HOME/machines/web-1/etc/motd"

say "Nothing is left to do. Exit code 0 says so to a script; 2 would say that there are changes."
run 0 "lab plan --detailed-exitcode"

say "Somebody changes a machine by hand. lab finds it, and knows that git did not ask for it."
run 0 "echo 'maintenance tonight' >> \$LAB_HOME/machines/web-1/etc/motd"
run 2 "lab drift --details"

say "Meanwhile you change the inventory: the web servers of production get another notice."
run 0 "sed -i 's/think before you type/every change is a commit/' environments.yaml && git commit -qam 'a better notice'"

say "The plan tells the two apart: 'drift' where the machine moved, 'intent' where git did, 'both' where they met."
say "It points at the line of YAML that decided the change, not at the template that shows it."
run 0 "lab plan --details"

say "Where does a value come from?"
run 0 "lab explain server/web-1.params.motd"

say "Who may read a secret is written nowhere: it follows from the code that asks for it. Here a Puppet class does."
run 0 "lab show secret database/replication"
run 0 "lab secret audit"
say "An alert's target is the language of all targets; who is excluded is told with the line that does it."
run 0 "lab show alert memory_pressure"

say "Back to the notice: one apply fixes what moved by hand and what git asks for."
run 0 "lab apply --auto-approve"
run 0 "lab plan"

say "What a colleague would see in a pull request that removes a server: nothing is asked of any machine."
run 0 "git checkout -q -b retire-build && git rm -q servers/build-1.yaml && git commit -q -m 'retire build-1'"
run 0 "lab plan --baseline main --format markdown"

say "Destroying needs a word of its own, and what a commit protects stays protected."
run 1 "lab apply --auto-approve"
run 0 "lab apply --auto-approve --allow-destroy"

say "Who did what, from which commit, with what result."
run 0 "lab history"

say "That was the main job. 'lab help' lists the commands; the README has a first hour of your own."
