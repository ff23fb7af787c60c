"""The form of contract cases: read, filled in, judged. README.md beside this file says how a case is written."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = re.compile(r"\$\{([a-z0-9_]+)\}")

STATUSES = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
]

# Methods that change nothing, by their verbs (AIP-130, AIP-136).
READS = re.compile(
    r"^(Get|List|Watch|BatchGet|Search|Query|Explain|Diff|Export|Resolve|Crosswalk|Analyze|Suggest|WhoAmI)"
)


class Wrong(Exception):
    """A case, or a file of them, that cannot be run as it is written."""


@dataclass
class Case:
    file: str
    number: int
    said: dict
    service: str
    # The places, in the file, of the cases that keep what this one uses.
    needs: set = field(default_factory=set)

    @property
    def name(self):
        return self.said["name"]

    @property
    def role(self):
        return self.said.get("as", "nobody")

    @property
    def method(self):
        return f"{self.service}/{self.said['method']}"

    def reads(self):
        return bool(READS.match(self.said["method"]))

    def shown(self):
        """How the case is named where one is looked for."""
        return f"{self.file} {self.method} {self.name}"


def variables(value):
    """The names of all variables in a value."""
    return set(VARIABLE.findall(json.dumps(value)))


def read(path):
    """The cases of a file, in their order."""
    try:
        whole = json.loads(Path(path).read_text())
    except (OSError, ValueError) as failed:
        raise Wrong(f"{path}: {failed}") from failed
    if not isinstance(whole, dict) or not isinstance(whole.get("cases"), list):
        raise Wrong(f"{path}: holds no list of cases")
    cases, kept = [], {}
    for number, said in enumerate(whole["cases"]):
        place = f"{path}: case {number + 1}"
        missing = {"name", "method", "expect"} - set(said)
        if missing:
            raise Wrong(f"{place} has no {', '.join(sorted(missing))}")
        service = said.get("service", whole.get("service"))
        if not service:
            raise Wrong(f"{place} names no service, and neither does the file")
        case = Case(Path(path).stem, number, said, service)
        case.needs = {kept[name] for name in variables(said) if name in kept}
        kept |= dict.fromkeys(said.get("capture", {}), number)
        cases.append(case)
    return cases


def fill(value, known):
    """The value with the variables put into every text."""
    if isinstance(value, str):
        def text(found):
            if found[1] not in known:
                raise Wrong(f"the variable {found[1]} is not known here")
            return known[found[1]]
        return VARIABLE.sub(text, value)
    if isinstance(value, list):
        return [fill(item, known) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, known) for key, item in value.items()}
    return value


def mismatches(actual, expected, path):
    """Where a value is not as expected: every key of an object is there, a list has the same length, `*` is anything
    that is there and not empty, `~…` is a regular expression, anything else is equal."""
    if expected == "*":
        return [] if actual not in (None, "", []) else [f"{path}: is missing"]
    if isinstance(expected, str) and expected.startswith("~"):
        if isinstance(actual, str) and re.search(expected[1:], actual):
            return []
        return [f"{path}: {short(actual)} does not match {expected[1:]}"]
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return [f"{path}: {short(actual)} is no object"]
        return [wrong for key, item in expected.items() for wrong in mismatches(actual.get(key), item, f"{path}.{key}")]
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return [f"{path}: {short(actual)} is not a list of {len(expected)}"]
        pairs = enumerate(zip(actual, expected))
        return [wrong for place, (has, should) in pairs for wrong in mismatches(has, should, f"{path}[{place}]")]
    # 1 is not true.
    same = actual == expected and isinstance(actual, bool) == isinstance(expected, bool)
    return [] if same else [f"{path}: {short(actual)} is not {json.dumps(expected)}"]


def short(value):
    return json.dumps(value, ensure_ascii=False)[:500]


def at(value, path):
    """What is at a path such as `goals.0.name`; nothing where there is none."""
    for part in path.strip(".").split("."):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def judge(expect, replies, error):
    """What is wrong with an answer, a line each; nothing when it is as expected."""
    status, wanted = STATUSES[error.get("code", 2)], expect.get("status", "OK")
    details = error.get("details") or []
    if status != wanted:
        return [f"status: {status}, not {wanted}: {error.get('message', '')} {short(details)}"]
    first = replies[0] if replies else None

    def detail(kind):
        return next((item for item in details if item.get("@type", "").endswith(kind)), {})

    wrong = []
    if "reason" in expect:
        wrong += mismatches(detail("google.rpc.ErrorInfo").get("reason"), expect["reason"], "reason")
    if "field" in expect:
        fields = [item.get("field") for item in detail("google.rpc.BadRequest").get("fieldViolations", [])]
        wrong += [] if expect["field"] in fields else [f"field: {expect['field']} is not among {short(fields)}"]
    if "reply" in expect:
        wrong += mismatches(first, expect["reply"], "reply")
    if "any_reply" in expect and all(mismatches(reply, expect["any_reply"], "") for reply in replies):
        wrong.append(f"no reply is as expected among {short(replies)}")
    if "holds" in expect:
        items = at(first, expect["holds"]["in"]) or []
        if all(mismatches(item, expect["holds"]["item"], "") for item in items):
            wrong.append(f"{expect['holds']['in']}: no item is as expected among {short(first)}")
    return wrong


def captured(case, replies):
    """The variables that a case keeps from its first reply."""
    kept = {}
    for key, path in case.said.get("capture", {}).items():
        value = at(replies[0] if replies else None, path)
        if value is None:
            raise Wrong(f"nothing to keep as {key} at {path}")
        kept[key] = value if isinstance(value, str) else json.dumps(value)
    return kept
