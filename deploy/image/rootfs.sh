#!/usr/bin/env bash
# Lays out what the image holds: rootfs.sh PROGRAM INTO. What belongs to its user is beside it. The libraries are those that the program asks for on the
# machine that built it, so both are of one Debian.
set -euo pipefail
program=$1 into=$2
rm -rf "$into"
mkdir -p "$into"/{etc/ssl/certs,tmp,usr/bin,usr/share/doc/trellis,var/lib} "$into-own/trellis"
install -m 0755 "$program" "$into/usr/bin/trellis"
# A panic tells its file and line without the names of functions, which are a fifth of the program.
strip --strip-all "$into/usr/bin/trellis"
# The loader and the libraries, where the program looks for them. glibc looks up names through no module of its own
# for `files` and `dns`, which nsswitch.conf names.
ldd "$program" | grep -o '/[^ ]*' | sort -u | while read -r library; do
  install -D -m 0755 "$(readlink -f "$library")" "$into$library"
done
echo 'hosts: files dns' >"$into/etc/nsswitch.conf"
echo 'trellis:x:65532:65532:Trellis:/var/lib/trellis:/sbin/nologin' >"$into/etc/passwd"
echo 'trellis:x:65532:' >"$into/etc/group"
certificates=/etc/ssl/certs/ca-certificates.crt
[ -r $certificates ] || { echo "The authorities that clients trust are missing: apt-get install -y ca-certificates" >&2; exit 1; }
install -m 0644 $certificates "$into$certificates"
install -m 0644 "$(dirname "$0")/../../LICENSE" "$into/usr/share/doc/trellis/LICENSE"
chmod 1777 "$into/tmp"
chmod 0755 "$into" "$into"/{etc,usr,var,var/lib}
# The only place that the program writes to.
chmod 0700 "$into-own/trellis"
# The same content is the same image, whenever it is made.
find "$into" "$into-own" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
