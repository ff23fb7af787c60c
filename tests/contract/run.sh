#!/usr/bin/env bash
# Runs the contract cases against a Trellis server; needs only grpcurl and jq.
#
#   ADDRESS=127.0.0.1:50051 TOKEN_LEARNER=… TOKEN_EDUCATOR=… tests/contract/run.sh [FILE…]
#
# Each role's token stands in TOKEN_ROLE (TOKEN alone is the operator's). A case whose role has no token is not run,
# and is counted so; with REQUIRE_ALL=1 that is a failure. README.md beside this file says how a case is written.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
address=${ADDRESS:?set ADDRESS to host:port of the server}
TOKEN_OPERATOR=${TOKEN_OPERATOR:-${TOKEN:-}}
transport=${GRPCURL_FLAGS:--plaintext}
for tool in grpcurl jq; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed: see README.md" >&2; exit 2; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

passed=0 failed=0 skipped=0

token_of() { # role
  local variable="TOKEN_${1^^}"
  printf '%s' "${!variable:-}"
}

# Calls a method; leaves the replies in replies.json (a list) and the error, if any, in error.json.
call() { # method token request-file metadata-file limit
  local method=$1 token=$2 request=$3 metadata=$4 limit=$5 headers=()
  [ -n "$token" ] && headers+=(-H "authorization: Bearer $token")
  while IFS= read -r header; do headers+=(-H "$header"); done <"$metadata"
  # shellcheck disable=SC2086
  grpcurl $transport -max-time "$limit" -format-error "${headers[@]}" -d @ "$address" "$method" \
    <"$request" >"$work/out" 2>"$work/err"
  local code=$?
  jq -cs . "$work/out" >"$work/replies.json" 2>/dev/null || echo '[]' >"$work/replies.json"
  if [ $code -eq 0 ]; then
    echo '{"code": 0, "details": []}' >"$work/error.json"
  else
    sed -n '/^{/,$p' "$work/err" | jq -c . >"$work/error.json" 2>/dev/null ||
      jq -cn --arg text "$(cat "$work/err")" '{code: 2, message: $text, details: []}' >"$work/error.json"
    [ -s "$work/error.json" ] || jq -cn --arg text "$(cat "$work/err")" '{code: 2, message: $text, details: []}' >"$work/error.json"
  fi
}

# The people behind the tokens, as every case may name them: ${learner} is the learner's resource name.
globals='{}'
echo '{}' >"$work/empty"
: >"$work/none"
for variable in $(compgen -v TOKEN_); do
  role=$(printf '%s' "${variable#TOKEN_}" | tr '[:upper:]' '[:lower:]')
  token=${!variable}
  [ -n "$token" ] || continue
  call trellis.common.v1.IdentityService/WhoAmI "$token" "$work/empty" "$work/none" 10
  # A stranger's district is another one.
  globals=$(jq -c --arg role "$role" --argjson known "$globals" \
    '$known + {($role): (.[0].person // .[0].application // "")}
      + (if $role != "stranger" and .[0].districts then {district: .[0].districts[0]} else {} end)' \
    "$work/replies.json")
  if [ "$(jq -r .code "$work/error.json")" != 0 ]; then
    echo "the token of $role is refused: $(jq -r .message "$work/error.json")" >&2
    exit 1
  fi
done
globals=$(jq -c --arg uuid "$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen | tr 'A-Z' 'a-z')" '. + {run: $uuid}' <<<"$globals")
# learners/{id} beside people/{id}, and the bare id.
globals=$(jq -c 'reduce (to_entries[] | select(.value | test("/people/"))) as $e (.;
  . + {($e.key + "_as_learner"): ($e.value | sub("/people/"; "/learners/")), ($e.key + "_id"): ($e.value | sub(".*/"; ""))})' <<<"$globals")

run_case() { # file index
  local file=$1 index=$2 vars case name role token method limit deadline
  vars=$(cat "$work/vars.json")
  name=$(jq -r ".cases[$index].name" "$file")
  case=$(jq -c --argjson vars "$vars" -L "$here" "include \"case\"; .service as \$service | .cases[$index] | .service = (.service // \$service) | fill(\$vars)" "$file" 2>"$work/err") || {
    failed=$((failed + 1))
    echo "FAILED  $(basename "$file"): $name: $(cat "$work/err")"
    return
  }
  role=$(jq -r '.as // "nobody"' <<<"$case")
  token=$(token_of "$role")
  if [ "$role" != nobody ] && [ -z "$token" ]; then
    skipped=$((skipped + 1))
    return
  fi
  method=$(jq -r '.service + "/" + .method' <<<"$case")
  limit=$(jq -r '.max_seconds // 20' <<<"$case")
  jq -c '(.request // {}) | if type == "array" then .[] else . end' <<<"$case" >"$work/request.json"
  jq -r '(.metadata // {}) | to_entries[] | .key + ": " + .value' <<<"$case" >"$work/metadata"
  deadline=$((SECONDS + $(jq -r '.within_seconds // 0' <<<"$case")))
  while :; do
    call "$method" "$token" "$work/request.json" "$work/metadata" "$limit"
    wrong=$(jq -rn -L "$here" --argjson case "$case" --slurpfile replies "$work/replies.json" \
      --slurpfile error "$work/error.json" 'include "case"; judge($case; $replies[0]; $error[0])')
    [ -z "$wrong" ] && break
    [ $SECONDS -ge $deadline ] && break
    sleep 0.2
  done
  if [ -n "$wrong" ]; then
    failed=$((failed + 1))
    echo "FAILED  $(basename "$file"): $name"
    sed 's/^/        /' <<<"$wrong"
    return
  fi
  passed=$((passed + 1))
  [ -n "${VERBOSE:-}" ] && echo "ok      $(basename "$file"): $name"
  jq -c -L "$here" --argjson case "$case" --argjson vars "$vars" \
    "include \"case\"; \$vars + captured(\$case; .)" "$work/replies.json" >"$work/vars.next" && mv "$work/vars.next" "$work/vars.json"
}

files=("$@")
[ ${#files[@]} -eq 0 ] && files=("$here"/cases/*.json)
for file in "${files[@]}"; do
  printf '%s' "$globals" >"$work/vars.json"
  count=$(jq '.cases | length' "$file") || exit 1
  before=$failed skipped_before=$skipped
  for ((i = 0; i < count; i++)); do run_case "$file" "$i"; done
  ran=$((count - skipped + skipped_before))
  echo "$(basename "$file" .json): $((ran - failed + before)) of $count passed"
done
[ $skipped -gt 0 ] && echo "$skipped cases were not run: their role has no token (set TOKEN_ROLE)"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && { [ -z "${REQUIRE_ALL:-}" ] || [ $skipped -eq 0 ]; }
