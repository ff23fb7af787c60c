#!/usr/bin/env bash
# Makes the image from a program that was built: build.sh PROGRAM NAME. ENGINE=podman or docker.
set -euo pipefail
program=$1 name=$2
here=$(cd "$(dirname "$0")" && pwd)
engine=${ENGINE:-$(command -v podman || command -v docker || true)}
[ -n "$engine" ] || { echo "podman or docker is needed: apt-get install -y podman" >&2; exit 1; }
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
SOURCE_DATE_EPOCH=$(git -C "$here" log -1 --format=%ct)
export SOURCE_DATE_EPOCH
"$here/rootfs.sh" "$program" "$context/rootfs"
cp "$here/Containerfile" "$context/Dockerfile"
arguments=(--build-arg "VERSION=$("$program" --version | cut -d' ' -f2)" --build-arg "REVISION=$(git -C "$here" rev-parse HEAD)")
case $(basename "$engine") in
  # An image of the docker format keeps its health check.
  podman*) arguments+=(--format docker --timestamp "$SOURCE_DATE_EPOCH") ;;
esac
$engine build --quiet "${arguments[@]}" --tag "$name" "$context"
