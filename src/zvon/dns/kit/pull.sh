#!/bin/sh
# Fetch the lists of the feeds. A list that came cut short, changed on the way or shrank by more
# than a third never takes the place of a good one. Run it from a timer; exit code 0 when every
# list is in place, 1 when an older one stays.
set -u
umask 022
config=${1:-/etc/zvon/pull.conf}
accept=${2:-}
. "$config" || exit 1
cd "$FOLDER" || exit 1

say() { echo "zvon-pull: $feed: $*" >&2; }
sum() { if command -v sha256sum >/dev/null 2>&1; then sha256sum <"$1" | cut -d' ' -f1; else sha256 -q "$1"; fi; }
lines() { grep -c . "$1" 2>/dev/null || true; }

failed=0 changed=
for feed in $FEEDS; do
  new=.$feed.new
  rm -f "$new" ".$feed.etag-new"
  set --
  if [ -s "$feed.$SUFFIX" ] && [ -s ".$feed.etag" ]; then set -- --etag-compare ".$feed.etag"; fi
  code=$(curl -sS --max-time 120 --retry 2 -H "@$HEADER_FILE" "$@" --etag-save ".$feed.etag-new" \
    -D ".$feed.head" -o "$new" -w '%{http_code}' "$URL/api/v1/feeds/$feed/export/$FORMAT")
  if [ "$code" = 304 ]; then continue; fi
  if [ "$code" != 200 ] || [ ! -s "$new" ]; then
    say "answer $code, the list stays as it is"; failed=1; continue
  fi
  said=$(tr -d '\r' <".$feed.head" | awk 'tolower($1) == "x-checksum-sha256:" { print $2 }' | tail -n 1)
  if [ "$said" != "$(sum "$new")" ]; then
    say "the checksum is wrong, the list stays as it is"; failed=1; continue
  fi
  had=$(lines "$feed.$SUFFIX") has=$(lines "$new")
  if [ "$accept" != --accept-shrink ] && [ "${had:-0}" -gt 100 ] && [ $((has * 3)) -lt $((had * 2)) ]; then
    say "shrank from $had to $has lines, the list stays; --accept-shrink takes it"; failed=1; continue
  fi
  mv -f "$new" "$feed.$SUFFIX" && mv -f ".$feed.etag-new" ".$feed.etag"
  changed="$changed $feed"
done
for feed in $changed; do
  [ -z "${AFTER:-}" ] || sh -c "$AFTER" "$0" "$feed" || { say "failed: $AFTER"; failed=1; }
done
exit $failed
