#!/usr/bin/env bash
# Looks at an image: check.sh NAME. It must be small, run as an ordinary user on a root that nobody can write to, and
# answer its health command. ENGINE=podman; RUN_FLAGS for a machine whose containers need more.
set -euo pipefail
name=$1
engine=${ENGINE:-$(command -v podman || command -v docker)}
most=$((60 * 1000 * 1000))
fail() { echo "The image is not as it should be: $*" >&2; exit 1; }

# As a registry keeps it, and as a node fetches it.
size=$($engine save "$name" | gzip | wc -c)
[ "$size" -lt $most ] || fail "it has $size bytes, of at most $most"
unpacked=$($engine image inspect --format '{{.Size}}' "$name")
user=$($engine image inspect --format '{{.Config.User}}' "$name")
[ "$user" = 65532:65532 ] || fail "it runs as '$user'"
for label in version revision licenses source; do
  value=$($engine image inspect --format "{{index .Config.Labels \"org.opencontainers.image.$label\"}}" "$name")
  [ -n "$value" ] || fail "it has no label $label"
done
holds=$($engine create "$name")
shells=$($engine export "$holds" | tar -t | grep -E '(^|/)(sh|bash|dash|busybox|apt|dpkg)$' || true)
$engine rm "$holds" >/dev/null
[ -z "$shells" ] || fail "it holds $shells"

# shellcheck disable=SC2086
running=$($engine run --detach --read-only --cap-drop=all --security-opt=no-new-privileges ${RUN_FLAGS:-} \
  --tmpfs /tmp --volume /var/lib/trellis "$name" serve --dev --log warn)
trap '$engine rm --force --volumes "$running" >/dev/null' EXIT
for _ in $(seq 1 100); do
  if said=$($engine exec "$running" /usr/bin/trellis health 2>&1); then break; fi
  sleep 0.3
done
$engine exec "$running" /usr/bin/trellis health >/dev/null || { $engine logs "$running" >&2; fail "its health command says: $said"; }
uid=$(awk '/^Uid:/ { print $2 }' "/proc/$($engine inspect --format '{{.State.Pid}}' "$running")/status")
[ "$uid" = 65532 ] || fail "its process has uid $uid"
echo "$name: $((size / 1000 / 1000)) MB ($((unpacked / 1000 / 1000)) MB unpacked), user $uid, read-only root, healthy: $(echo "$said" | tr '\n' ' ')"
