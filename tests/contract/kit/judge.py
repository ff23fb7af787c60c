"""Whether an answer is as expected."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from .cases import Case
from .call import Answer

STATUSES = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
]

Copies = dict[str, dict[str, Any]]


# Against a district in use, what was answered is about people, and reports go far.
discreet = False


def shown(value: Any, most: int = 500) -> str:
    """A value of an answer, as much of it as a person reads."""
    return "what was answered" if discreet else json.dumps(value, ensure_ascii=False)[:most]


def matches(actual: Any, expected: Any, path: str) -> list[str]:
    """What differs: every key of an expected object is there; a list has the same length; "*" is anything that is
    there and not empty; "~…" is a regular expression; anything else is equal."""
    if expected == "*":
        return [f"{path}: is missing"] if actual in (None, "", []) else []
    if isinstance(expected, str) and expected.startswith("~"):
        if isinstance(actual, str) and re.search(expected[1:], actual):
            return []
        return [f"{path}: {shown(actual)} does not match {expected[1:]}"]
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            return [f"{path}: {shown(actual)} is no object"]
        return [line for key, value in expected.items() for line in matches(actual.get(key), value, f"{path}.{key}")]
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            return [f"{path}: {shown(actual, 300)} is not a list of {len(expected)}"]
        return [line for i, value in enumerate(expected) for line in matches(actual[i], value, f"{path}[{i}]")]
    # To Python, true equals 1.
    if actual == expected and isinstance(actual, bool) == isinstance(expected, bool):
        return []
    return [f"{path}: {shown(actual)} is not {json.dumps(expected, ensure_ascii=False)[:500]}"]


def at(value: Any, path: str) -> Any:
    """What stands at a path such as `goals.0.name`; nothing when there is none."""
    for step in path.split("."):
        if isinstance(value, list) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def judge(expect: dict[str, Any], answer: Answer, copies: Copies) -> list[str]:
    """What is wrong with an answer, a line each; nothing when it is as expected."""
    status, expected = STATUSES[answer.code], expect.get("status", "OK")
    if status != expected:
        return [f"status: {status}, not {expected}: {answer.message} {shown(answer.details)}"]
    wrong: list[str] = []
    if "reason" in expect:
        wrong += matches(detail(answer, "google.rpc.ErrorInfo").get("reason"), expect["reason"], "reason")
    if "field" in expect:
        violations = detail(answer, "google.rpc.BadRequest").get("fieldViolations", [])
        fields = [violation.get("field") for violation in violations]
        if expect["field"] not in fields:
            wrong.append(f"field: {expect['field']} is not among {shown(fields)}")
    first = answer.replies[0] if answer.replies else None
    if "reply" in expect:
        wrong += matches(first, expect["reply"], "reply")
    if "any_reply" in expect and not any(not matches(reply, expect["any_reply"], "") for reply in answer.replies):
        wrong.append(f"no reply is as expected among {shown(answer.replies)}")
    if "holds" in expect:
        items = at(first, expect["holds"]["in"])
        if not any(not matches(item, expect["holds"]["item"], "") for item in items or []):
            wrong.append(f"{expect['holds']['in']}: no item is as expected among {shown(first)}")
    if "copy" in expect:
        wrong += differs(copies.get(expect["copy"]["name"], {}), named(at(first, expect["copy"]["equals"])))
    return wrong


def detail(answer: Answer, kind: str) -> dict[str, Any]:
    found = [one for one in answer.details if str(one.get("@type", "")).endswith(kind)]
    return found[0] if found else {}


def captured(case: Case, answer: Answer) -> tuple[dict[str, str], list[str]]:
    """The variables that a case keeps of its replies, and those that it should and cannot."""
    replies = answer.replies
    if case.capture_from is not None:
        replies = [reply for reply in replies if not matches(reply, case.capture_from, "")]
    first = replies[0] if replies else None
    kept, missing = {}, []
    for name, path in case.capture.items():
        value = joined(replies, path[2:]) if path.startswith("*.") else at(first, path)
        if value is None or isinstance(value, (dict, list)):
            missing.append(f"{path}: nothing to keep as {name}")
        else:
            kept[name] = value if isinstance(value, str) else json.dumps(value)
    return kept, missing


def joined(replies: list[Any], path: str) -> str | None:
    """The bytes that came in parts, a part in each reply, as one."""
    parts = [at(reply, path) for reply in replies]
    return base64.b64encode(b"".join(base64.b64decode(part or "") for part in parts)).decode() or None


def named(items: Any) -> dict[str, Any]:
    return {item["name"]: item for item in items or []}


def keep(copy: dict[str, str], answer: Answer, copies: Copies) -> None:
    """Brings a copy to where the answer is: a list is the copy anew, changes are applied to it one by one."""
    if "list" in copy:
        copies[copy["name"]] = named(at(answer.replies[0] if answer.replies else None, copy["list"]))
        return
    mine = copies.setdefault(copy["name"], {})
    for change in answer.replies:
        if change.get("kind") == "CHANGE_KIND_DELETED":
            mine.pop(change["resource"], None)
        elif copy["changes"] in change:
            mine[change["resource"]] = change[copy["changes"]]


def differs(copy: dict[str, Any], truth: dict[str, Any]) -> list[str]:
    if not truth:
        return ["copy: there is nothing to compare it with"]
    lines = [f"copy: {name} is not in it" for name in truth if name not in copy]
    lines += [f"copy: {name} is in it, and gone" for name in copy if name not in truth]
    for name in truth.keys() & copy.keys():
        if copy[name] != truth[name]:
            lines.append(f"copy: {name} is {shown(copy[name])}, not {shown(truth[name])}")
    return lines
