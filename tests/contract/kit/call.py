"""Calls by grpcurl, and the lines that repeat them by hand."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any, Iterator

from .cases import ROLES, VARIABLE, Case, Trouble, district_of

WHO_AM_I = "trellis.common.v1.IdentityService/WhoAmI"
# More pages than this are no list, but a page token that does not move.
MOST_PAGES = 1000


@dataclass
class Answer:
    """What came back."""

    replies: list[Any]
    code: int = 0
    message: str = ""
    details: list[Any] = None  # type: ignore[assignment]
    address: str = ""


def variable_of(role: str) -> str:
    """The variable that holds the role's token."""
    return f"TOKEN_{role.upper()}"


def flags() -> list[str]:
    """How grpcurl is to connect."""
    return shlex.split(os.environ.get("GRPCURL_FLAGS", "-plaintext"))


def roles() -> list[str]:
    """The roles whose token is set."""
    return sorted(role for role in ROLES if os.environ.get(variable_of(role)))


class Server:
    """The server under test."""

    def __init__(self, address: str) -> None:
        own = {name[len("ADDRESS_"):].lower(): value for name, value in os.environ.items() if name.startswith("ADDRESS_")}
        self.addresses = {service: turns(value) for service, value in {"": address, **own}.items() if value}
        if not shutil.which("grpcurl"):
            raise Trouble("grpcurl is not installed: https://github.com/fullstorydev/grpcurl, or make .tools/grpcurl")

    def address(self, path: str) -> str:
        """Where a method is called this time: where its service is, by the second word of its package."""
        service = path.split(".")[1]
        return next(self.addresses.get(service, self.addresses[""]))

    def grpcurl(self, arguments: list[str], sent: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["grpcurl", *flags(), *arguments], input=sent, capture_output=True, text=True, check=False
        )

    def send(self, path: str, role: str, messages: list[Any], metadata: dict[str, str], limit: float) -> Answer:
        """Calls a method once."""
        arguments = ["-max-time", str(limit), "-format-error"]
        if role != "nobody":
            # grpcurl puts the token in, so that it is in no list of processes.
            arguments += ["-expand-headers", "-H", f"authorization: Bearer ${{{variable_of(role)}}}"]
        for key, value in metadata.items():
            arguments += ["-H", f"{key}: {value}"]
        sent = "\n".join(json.dumps(message) for message in messages)
        address = self.address(path)
        done = self.grpcurl([*arguments, "-d", "@", address, path], sent)
        replies = list(documents(done.stdout))
        if done.returncode == 0:
            return Answer(replies, details=[], address=address)
        start = re.search(r"^\{", done.stderr, re.MULTILINE)
        try:
            error = json.loads(done.stderr[start.start():]) if start else {}
        except json.JSONDecodeError:
            error = {}
        message = error.get("message", done.stderr.strip())
        return Answer(replies, error.get("code", 2), message, error.get("details", []), address)

    def call(self, case: Case, messages: list[Any], metadata: dict[str, str]) -> Answer:
        """Calls as a case says: once, or page after page until the list is whole."""
        answer = self.send(case.path, case.role, messages, metadata, case.max_seconds)
        if not case.every_page:
            return answer
        whole: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            page = answer.replies[0] if answer.replies else {}
            for key, value in page.items():
                if isinstance(value, list):
                    whole.setdefault(key, []).extend(value)
            token = page.get("nextPageToken")
            if answer.code != 0 or not token:
                return Answer([whole], answer.code, answer.message, answer.details, answer.address)
            messages = [{**messages[0], "page_token": token}]
            answer = self.send(case.path, case.role, messages, metadata, case.max_seconds)
        return Answer([whole], 2, f"the list has no end after {MOST_PAGES} pages", [], answer.address)

    def people(self, named: set[str]) -> dict[str, str]:
        """The variables that every case may name, as far as these roles go: who is behind each token, and in which
        district."""
        known: dict[str, str] = {}
        for role in sorted(named & set(roles())):
            answer = self.send(WHO_AM_I, role, [{}], {}, 10)
            if answer.code != 0:
                raise Trouble(f"the token of {role} is refused, or nobody answers at {answer.address}: {answer.message}")
            me = answer.replies[0]
            name = known[role] = me.get("person") or me.get("application") or ""
            if "/people/" in name:
                known[f"{role}_as_learner"] = name.replace("/people/", "/learners/")
                known[f"{role}_id"] = name.rsplit("/", 1)[-1]
            if me.get("districts"):
                known[district_of(role)] = me["districts"][0]
        return known

    def reading(self) -> set[str]:
        """The methods that only read: those that the contract, as the server describes it, binds to HTTP's GET."""
        found: set[str] = set()
        for address in map(next, self.addresses.values()):
            told = self.grpcurl([address, "describe"])
            if told.returncode != 0:
                raise Trouble(f"{address} does not describe its methods: {told.stderr.strip()}")
            found |= bound_to_get(told.stdout)
        return found


def turns(addresses: str) -> Iterator[str]:
    """Several addresses with commas between, one after the other and again."""
    return itertools.cycle(filter(None, map(str.strip, addresses.split(","))))


def bound_to_get(described: str) -> set[str]:
    """The methods that a description binds to HTTP's GET."""
    found: set[str] = set()
    service = ""
    for part in re.split(r"(?m)^(?=\S+ is a service:)|^\s*(?=rpc )", described):
        if named := re.match(r"(\S+) is a service:", part):
            service = named[1]
        elif method := re.match(r"rpc (\w+)", part):
            bound = re.search(r"google\.api\.http\)\s*=\s*\{\s*(\w+)\s*:", part)
            if bound and bound[1] == "get":
                found.add(f"{service}/{method[1]}")
    return found


def documents(text: str):
    """The JSON documents of a stream of them; what is cut off at the end is left."""
    decoder, place = json.JSONDecoder(), 0
    while True:
        while place < len(text) and text[place].isspace():
            place += 1
        if place == len(text):
            return
        try:
            value, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError:
            return
        yield value


def arguments_of(case: Case, metadata: dict[str, str], address: str, body: str) -> str:
    """A call as a line for bash. The token is named, never told."""
    words = ["grpcurl", *map(shlex.quote, flags())]
    if case.max_seconds != 20:
        words += ["-max-time", str(case.max_seconds)]
    if case.role != "nobody":
        words.append(f'-H "authorization: Bearer ${variable_of(case.role)}"')
    for key, value in metadata.items():
        words += ["-H", f'"{key}: {value}"' if VARIABLE.search(value) else shlex.quote(f"{key}: {value}")]
    return " ".join([*words, "-d", body, address, case.path])


def by_hand(case: Case, messages: list[Any], metadata: dict[str, str], address: str) -> str:
    """The line that repeats a call just as it was made."""
    body = " ".join(json.dumps(message, ensure_ascii=False) for message in messages)
    return arguments_of(case, metadata, shlex.quote(address), shlex.quote(body))
