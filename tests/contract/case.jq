# How a case is filled in and judged.

# Puts the variables into every text: ${learner}.
def fill($vars):
  walk(if type == "string" then
    gsub("\\$\\{(?<key>[a-z0-9_]+)\\}";
      (.key as $key | if $vars | has($key) then $vars[$key] else error("the variable \($key) is not known here") end))
  else . end);

# Whether a value is as expected: every key of an expected object is there; a list has the same length; "*" is anything
# that is there and not empty; "~…" is a regular expression; anything else is equal.
def matches($expected; $path):
  . as $actual |
  if $expected == "*" then
    (if $actual == null or $actual == "" or $actual == [] then "\($path): is missing" else empty end)
  elif ($expected | type) == "string" and ($expected | startswith("~")) then
    (if ($actual | type) == "string" and ($actual | test($expected[1:])) then empty
     else "\($path): \($actual | tojson) does not match \($expected[1:])" end)
  elif ($expected | type) == "object" then
    (if ($actual | type) != "object" then "\($path): \($actual | tojson) is no object"
     else ($expected | to_entries[]) as $e | $actual[$e.key] | matches($e.value; "\($path).\($e.key)") end)
  elif ($expected | type) == "array" then
    (if ($actual | type) != "array" or ($actual | length) != ($expected | length)
     then "\($path): \($actual | tojson | .[0:300]) is not a list of \($expected | length)"
     else range($expected | length) as $i | $actual[$i] | matches($expected[$i]; "\($path)[\($i)]") end)
  elif $actual == $expected then empty
  else "\($path): \($actual | tojson) is not \($expected | tojson)" end;

def statuses:
  ["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
   "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
   "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"];

def detail($error; $type): [$error.details[]? | select(.["@type"] | endswith($type))][0];

# What is wrong with an answer, a line each; nothing when it is as expected.
def judge($case; $replies; $error):
  ($case.expect) as $expect |
  (statuses[$error.code // 2]) as $status |
  if $status != ($expect.status // "OK") then
    "status: \($status), not \($expect.status // "OK"): \($error.message // "") \($error.details // [] | tojson)"
  else
    (if $expect.reason then
       (detail($error; "google.rpc.ErrorInfo").reason | matches($expect.reason; "reason")) else empty end),
    (if $expect.field then
       ([detail($error; "google.rpc.BadRequest").fieldViolations[]?.field] as $fields |
        if $fields | index($expect.field) then empty else "field: \($expect.field) is not among \($fields | tojson)" end)
     else empty end),
    (if $expect.reply then ($replies[0] | matches($expect.reply; "reply")) else empty end),
    (if $expect.any_reply then
       (if [$replies[] | [matches($expect.any_reply; "")] | length == 0] | any then empty
        else "no reply is as expected among \($replies | tojson | .[0:500])" end) else empty end),
    (if $expect.holds then
       (if ($replies[0] | [getpath($expect.holds.in | ltrimstr(".") / ".")[]? | [matches($expect.holds.item; "")] | length == 0] | any)
        then empty else "\($expect.holds.in): no item is as expected among \($replies[0] | tojson | .[0:500])" end) else empty end)
  end;

# The variables that a case keeps from its replies: {"goal": "name", "first": "goals.0.name"}.
def captured($case; $replies):
  ($case.capture // {}) | with_entries(
    .value as $path | .key as $key |
    .value = ($replies[0] | getpath($path / "." | map(if test("^[0-9]+$") then tonumber else . end))
      // error("nothing to keep as \($key) at \($path)")));
