#!/usr/bin/env bash
# Whether the cases would notice a program that is wrong: builds it with each fault of mutants/ in turn, elsewhere than
# here, and runs them. Ends with 0 when every fault is noticed. `make mutants`
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tree=$root/target/mutants
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What the cases begin with is made by the program as it should be: the journey itself would notice some faults.
(cd "$root" && cargo build --quiet --locked -p trellis)
good=${CARGO_TARGET_DIR:-$root/target}/debug/trellis
# One place for both would mistake one program for the other.
export CARGO_TARGET_DIR=$tree/target
mkdir "$scratch/filled"
DATA=$scratch/filled TRELLIS=$good "$here/demo.sh" --only WhoAmI

git -C "$root" worktree prune
# Without its own, git would take the tree around it for it.
[ -e "$tree/.git" ] || { rm -rf "$tree"; git -C "$root" worktree add --force --quiet --detach "$tree" HEAD; }
unnoticed=0
for fault in "$here"/mutants/*.patch; do
  name=$(basename "$fault" .patch)
  git -C "$tree" checkout --quiet --force --detach "$(git -C "$root" rev-parse HEAD)"
  if ! git -C "$tree" apply "$fault"; then
    echo "$name: its lines have changed; make the fault anew: $fault" >&2
    exit 2
  fi
  (cd "$tree" && cargo build --quiet --locked -p trellis)
  cp -a "$scratch/filled" "$scratch/$name"
  code=0
  said=$(DATA=$scratch/$name TRELLIS=$CARGO_TARGET_DIR/debug/trellis "$here/demo.sh" "$@") || code=$?
  failed=$(grep '^FAILED' <<<"$said" || true)
  if [ "$code" = 0 ]; then
    echo "$name: NOT NOTICED"
    unnoticed=1
  elif [ -n "$failed" ]; then
    echo "$name: noticed by $(wc -l <<<"$failed") cases, the first of them$(head -1 <<<"$failed" | cut -c 7-)"
  else
    printf '%s: the cases did not run\n%s\n' "$name" "$said" >&2
    exit 2
  fi
done
exit $unnoticed
