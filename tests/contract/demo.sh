#!/usr/bin/env bash
# Runs the contract cases and the journeys: against the server at ADDRESS if one is named, else against a demonstration
# suite that is started for it, on a free port and in a directory that is gone afterwards (or in DATA, which is kept),
# with a token for every role.
# What is given goes to run.py, which says what there is: run.py --help.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# To print the lines takes no server, unless it must be asked what only reads.
printing() { [[ " $* " == *" --print "* && " $* " != *" --read-only "* ]]; }
if [ -n "${ADDRESS:-}" ] || printing "$@"; then
  exec "$here/run.py" "$@"
fi
trellis=${TRELLIS:?set TRELLIS to the program, or ADDRESS to a server that runs}
data=${DATA:-$(mktemp -d)}
"$trellis" serve --demo --listen 127.0.0.1:0 --data-dir "$data" --log warn \
  --case-source http://127.0.0.1:9 --case-sources-private >"$data/said" 2>"$data/log" &
suite=$!
trap 'kill -INT $suite 2>/dev/null || true; wait $suite 2>/dev/null || true; [ -n "${DATA:-}" ] || rm -rf "$data"' EXIT
for _ in $(seq 1 600); do
  ready=$(sed -n 's/^The demonstration is ready at \(.*\)\. Ctrl-C ends it\.$/\1/p' "$data/said")
  [ -n "$ready" ] && break
  if ! kill -0 $suite 2>/dev/null; then
    echo "The demonstration ended before it was ready:" >&2
    cat "$data/said" "$data/log" >&2
    exit 1
  fi
  sleep 0.5
done
[ -n "$ready" ] || { echo "The demonstration was not ready within five minutes." >&2; exit 1; }
for file in "$data"/tokens/*; do
  role=$(basename "$file")
  export "TOKEN_${role^^}=$(cat "$file")"
done
export ADDRESS=$ready REQUIRE_ALL=1
# First the runner itself: what it says of the cases is worth what it is.
if [ -n "${SELFTEST:-}" ]; then
  "$here/selftest.py"
fi
"$here/run.py" "$@"
