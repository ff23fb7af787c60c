"""Cases as a script of grpcurl lines: to read, to repeat by hand, to keep."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
import uuid

from typing import Any

from .call import WHO_AM_I, arguments_of, flags, variable_of
from .cases import DISTRICTS, VARIABLE, Case, File, Trouble, district_of, variables_in
from .choose import Choice

HEAD = """\
#!/usr/bin/env bash
# Needs grpcurl and jq, ADDRESS (host:port), and the tokens of the roles: TOKEN_LEARNER and so on.
# A refusal that is expected ends its line with an error, and the script goes on."""


def write(choices: list[Choice]) -> str:
    """The script of all that is chosen."""
    cases = [choice.file.cases[i] for choice in choices for i in choice.run]
    used = set().union(*(case.asked_with() | variables_in(case.capture_from) for case in cases))
    own = set().union(*(choice.file.own_variables() for choice in choices))
    parts = [HEAD, *people(used - own - {"run"}, cases)]
    for choice in choices:
        run = str(uuid.uuid4())
        parts += [header(choice.file), f"run={run}"]
        chosen = variables_in([choice.file.cases[i].request for i in choice.run])
        for name, packed in choice.file.archived(run).items():
            if name in chosen:
                parts.append(f"{name}={packed}")
        parts += [step(choice.file.cases[i]) for i in choice.run]
    return "\n\n".join(parts)


def people(used: set[str], cases: list[Case]) -> list[str]:
    """Lines that find who is behind the tokens, of those that are named."""
    lines: dict[str, str] = {}
    others = {"district": "operator", "other_district": "stranger", "sandbox": "sandbox_operator"}
    called = [case.role for case in cases if case.role != "nobody"]
    for name in sorted(used):
        role = re.sub(r"_(as_learner|id)$", "", name)
        if name in DISTRICTS:
            of_it = [role for role in called if district_of(role) == name]
            lines[name] = who(name, [*of_it, others[name]][0], ".districts[0]")
        else:
            lines[role] = who(role, role, ".person // .application")
            if name.endswith("_as_learner"):
                lines[name] = f"{name}=${{{role}/people/learners}}"
            elif name.endswith("_id"):
                lines[name] = f"{name}=${{{role}##*/}}"
    return list(lines.values())


def who(variable: str, role: str, path: str) -> str:
    connect = " ".join(map(shlex.quote, flags()))
    token = f'-H "authorization: Bearer ${variable_of(role)}"'
    return f"""{variable}=$(grpcurl {connect} {token} "$ADDRESS" {WHO_AM_I} | jq -r '{path}')"""


def header(file: File) -> str:
    journey = file.journey
    if not journey:
        return f"# --- {file.name} ---"
    told = [f"--- {journey['title']} ---", f"For {journey['for']}", journey["text"]]
    told += [f"To come: {one}" for one in journey.get("to_come", [])]
    return comment("\n".join(told))


def comment(text: str) -> str:
    return "\n".join(f"# {line}" for one in text.split("\n") for line in textwrap.wrap(one, 110))


def step(case: Case) -> str:
    """One case: what it is, the call, and what it keeps."""
    lines = [comment(case.name[:1].upper() + case.name[1:] + (f": {case.text}" if case.text else "."))]
    lines.append(comment(expected(case)))
    if case.every_page:
        lines.append("# Go on with page_token, the nextPageToken of each answer, until there is none.")
    call = f"""{arguments_of(case, case.metadata, '"$ADDRESS"', "@")} <<JSON\n{document(case)}\nJSON"""
    if not case.capture:
        if case.within_seconds:
            lines.append(f"# This follows by event, within {case.within_seconds} s: repeat it until it is there.")
        return "\n".join([*lines, call])
    kept = [kept_as(name, path, case) for name, path in case.capture.items()]
    called = [f"reply=$({call}\n)", *kept]
    if case.within_seconds:
        there = " && ".join(f'[ "${name}" != null ]' for name in case.capture)
        called = [f"for _ in {{1..{max(1, int(case.within_seconds))}}}; do", *called, f"{there} && break", "sleep 1",
                  "done"]
    return "\n".join([*lines, *called, 'echo "$reply"'])


def expected(case: Case) -> str:
    expect = case.expect
    words = [expect.get("status", "OK"), expect.get("reason", ""), expect.get("field", "")]
    told = ", ".join(word for word in words if word)
    for key, word in (("reply", "the reply"), ("any_reply", "one of the replies"), ("holds", "a list")):
        if expect.get(key):
            told += f"; {word} has {json.dumps(expect[key], ensure_ascii=False)}"
    if "copy" in expect:
        told += f"; {expect['copy']['equals']} are as in the copy {expect['copy']['name']}"
    if "list" in case.copy:
        told += f"; keep {case.copy['list']} as the copy {case.copy['name']}, each by its name"
    elif case.copy:
        told += f"; apply each change of {case.copy['changes']} to the copy {case.copy['name']}"
    return f"Expected: {told}"


def document(case: Case) -> str:
    """The messages as a here-document, in which the shell puts the variables."""
    text = "\n".join(json.dumps(message, ensure_ascii=False) for message in case.messages)
    text = text.replace("\\", "\\\\").replace("`", "\\`")
    return re.sub(r"\$(?!\{[a-z0-9_]+\})", r"\\$", text)


def kept_as(name: str, path: str, case: Case) -> str:
    """Takes a variable out of the replies: out of the first, or in parts out of each."""
    chosen = f"inputs{selected(case.capture_from)}"
    if path.startswith("*."):
        # jq has texts alone, and the parts are bytes.
        parts = f"jq -nr '{chosen} | .{path[2:]} // empty' <<<\"$reply\""
        return f"{name}=$({parts} | while read -r part; do base64 -d <<<\"$part\"; done | base64 -w0)"
    steps = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in path.split("."))
    return f"{name}=$(jq -nr '[{chosen}][0]{steps}' <<<\"$reply\")"


def selected(wanted: dict[str, Any] | None) -> str:
    """What a case keeps its variables from, when that is not the first reply."""
    return "".join(f" | select({condition})" for condition in conditions(wanted or {}, ""))


def conditions(wanted: Any, path: str) -> list[str]:
    if isinstance(wanted, dict):
        return [one for key, value in wanted.items() for one in conditions(value, f"{path}.{key}")]
    if wanted == "*":
        return [f"{path} != null"]
    if isinstance(wanted, list) or str(wanted).startswith("~"):
        raise Trouble(f"capture_from: {json.dumps(wanted)} cannot be printed as a condition of jq")
    text = VARIABLE.sub(lambda match: f"'\"${match[1]}\"'", json.dumps(wanted, ensure_ascii=False))
    return [f"{path} == {text}"]
