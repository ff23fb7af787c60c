#!/usr/bin/env bash
# Whether the cases would notice a program that is wrong: builds it with each fault of mutants/ in turn, elsewhere than
# here, and runs them. Ends with 0 when every fault is noticed. `make mutants`
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tree=$root/target/mutants
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}

git -C "$root" worktree prune
[ -d "$tree" ] || git -C "$root" worktree add --force --quiet --detach "$tree" HEAD
unnoticed=0
for fault in "$here"/mutants/*.patch; do
  name=$(basename "$fault" .patch)
  git -C "$tree" checkout --quiet --force --detach "$(git -C "$root" rev-parse HEAD)"
  if ! git -C "$tree" apply "$fault"; then
    echo "$name: its lines have changed; make the fault anew: $fault" >&2
    exit 2
  fi
  (cd "$tree" && cargo build --quiet --locked -p trellis)
  cp "$CARGO_TARGET_DIR/debug/trellis" "$tree/mutant"
  code=0
  said=$(TRELLIS=$tree/mutant "$here/demo.sh" "$@") || code=$?
  case $code in
    0) echo "$name: NOT NOTICED"; unnoticed=1 ;;
    1) echo "$name: noticed by $(grep -c '^FAILED' <<<"$said") cases, the first of them$(grep -m 1 '^FAILED' <<<"$said" | cut -c 7-)" ;;
    *) printf '%s: the cases did not run\n%s\n' "$name" "$said" >&2; exit 2 ;;
  esac
done
exit $unnoticed
