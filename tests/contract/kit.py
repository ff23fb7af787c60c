#!/usr/bin/env python3
"""Runs contract cases against a Trellis server, with grpcurl alone.

  ADDRESS=127.0.0.1:50051 TOKEN_LEARNER=… TOKEN_EDUCATOR=… tests/contract/kit.py [FILE…]

Each role's token stands in TOKEN_ROLE (TOKEN alone is the operator's). A case whose role has no token is not run, and
is counted so; with REQUIRE_ALL=1 that is a failure. GRPCURL_FLAGS takes the place of -plaintext.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from cases import Wrong, captured, fill, judge, read

HERE = Path(__file__).resolve().parent
# How long a call may take where its case says nothing else, in seconds.
PATIENCE = 20
DONE, FAILED, USAGE = 0, 1, 2


class Server:
    """Where the calls go, and by what right."""

    def __init__(self, address):
        self.address = address
        self.flags = shlex.split(os.environ.get("GRPCURL_FLAGS", "-plaintext"))
        found = {name[len("TOKEN_"):].lower(): token for name, token in os.environ.items() if name.startswith("TOKEN_") and token}
        operator = os.environ.get("TOKEN")
        self.tokens = ({"operator": operator} if operator else {}) | found

    def command(self, method, headers, limit):
        given = [part for header in headers for part in ("-H", header)]
        return ["grpcurl", *self.flags, "-max-time", str(limit), "-format-error", *given, "-d", "@", self.address, method]

    def call(self, method, role, requests, metadata=None, limit=PATIENCE):
        """The replies, and the error: code 0 where there is none."""
        headers = [f"{name}: {value}" for name, value in (metadata or {}).items()]
        if role in self.tokens:
            headers.insert(0, f"authorization: Bearer {self.tokens[role]}")
        sent = "\n".join(json.dumps(request) for request in requests)
        done = subprocess.run(self.command(method, headers, limit), input=sent, capture_output=True, text=True, check=False)
        replies = list(messages(done.stdout))
        if done.returncode == 0:
            return replies, {"code": 0}
        begin = done.stderr.find("{")
        try:
            return replies, json.loads(done.stderr[begin:]) if begin >= 0 else {"code": 2, "message": done.stderr}
        except ValueError:
            return replies, {"code": 2, "message": done.stderr}

    def repeat(self, case, filled):
        """The command by which a person calls it again; the token's text is left to the environment."""
        headers = [f"{name}: {value}" for name, value in filled.get("metadata", {}).items()]
        words = shlex.join(self.command(case.method, headers, filled.get("max_seconds", PATIENCE)))
        if case.role != "nobody":
            words = words.replace("-format-error", f'-format-error -H "authorization: Bearer $TOKEN_{case.role.upper()}"', 1)
        sent = "\n".join(json.dumps(request, ensure_ascii=False) for request in requests_of(filled))
        return f"printf '%s' {shlex.quote(sent)} | {words}"


def requests_of(filled):
    request = filled.get("request", {})
    return request if isinstance(request, list) else [request]


def messages(text):
    """The JSON values that follow each other in a text."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        try:
            value, place = decoder.raw_decode(text, place)
        except ValueError:
            return
        yield value


def people(server):
    """What every case may name: ${learner}, ${learner_as_learner}, ${learner_id}, ${district} and ${run}."""
    known = {"run": str(uuid.uuid4())}
    for role in server.tokens:
        replies, error = server.call("trellis.common.v1.IdentityService/WhoAmI", role, [{}], limit=10)
        if error["code"] != 0:
            sys.exit(f"the token of {role} is refused: {error.get('message', '').strip()}")
        who = replies[0]
        name = who.get("person") or who.get("application") or ""
        known[role] = name
        # A stranger's district is another one.
        if role != "stranger" and who.get("districts"):
            known["district"] = who["districts"][0]
        if "/people/" in name:
            known[f"{role}_as_learner"] = name.replace("/people/", "/learners/")
            known[f"{role}_id"] = name.rsplit("/", 1)[1]
    return known


def chosen(cases, only):
    """The cases that are asked for, and those before them which keep what they use."""
    wanted = {case.number for case in cases if not only or any(part.lower() in case.shown().lower() for part in only)}
    more = True
    while more:
        needed = {number for case in cases if case.number in wanted for number in case.needs}
        more = not needed <= wanted
        wanted |= needed
    return [case for case in cases if case.number in wanted]


def readable(cases):
    """The cases that change nothing, and do not need what one keeps that does; and why the others are left out."""
    kept, why = [], Counter()
    numbers = set()
    for case in cases:
        if not case.reads():
            why["their method changes something"] += 1
        elif not case.needs <= numbers:
            why["they use what a change left"] += 1
        else:
            kept.append(case)
            numbers.add(case.number)
    return kept, why


class Runner:
    def __init__(self, server, verbose):
        self.server, self.verbose = server, verbose
        self.counts = Counter()
        self.suites = ElementTree.Element("testsuites", name="contract")

    def file(self, path, cases, known, prints):
        suite = ElementTree.SubElement(self.suites, "testsuite", name=path.stem)
        counts, known, begun = Counter(), dict(known), time.monotonic()
        for case in cases:
            at = time.monotonic()
            outcome, wrong = self.case(case, known, prints)
            counts[outcome] += 1
            told = ElementTree.SubElement(
                suite, "testcase", classname=case.method, name=case.name, time=f"{time.monotonic() - at:.3f}")
            if outcome == "failed":
                ElementTree.SubElement(told, "failure", message=wrong[0].splitlines()[0]).text = "\n".join(wrong)
            elif outcome == "skipped":
                ElementTree.SubElement(told, "skipped", message=wrong[0])
        for name, number in {"tests": sum(counts.values()), "failures": counts["failed"], "skipped": counts["skipped"]}.items():
            suite.set(name, str(number))
        suite.set("time", f"{time.monotonic() - begun:.3f}")
        self.counts += counts
        if not prints:
            print(f"{path.stem}: {counts['passed']} of {sum(counts.values())} passed", flush=True)

    def case(self, case, known, prints):
        if case.role != "nobody" and case.role not in self.server.tokens:
            return "skipped", [f"{case.role} has no token (TOKEN_{case.role.upper()})"]
        try:
            filled = fill(case.said, known)
        except Wrong as wrong:
            return self.failed(case, [str(wrong)], None)
        if prints:
            print(f"# {case.file}: {case.name}\n{self.server.repeat(case, filled)}\n")
        until = time.monotonic() + filled.get("within_seconds", 0)
        while True:
            replies, error = self.server.call(
                case.method, case.role, requests_of(filled), filled.get("metadata"), filled.get("max_seconds", PATIENCE))
            wrong = judge(filled["expect"], replies, error)
            if not wrong or time.monotonic() >= until:
                break
            time.sleep(0.2)
        try:
            known |= captured(case, replies) if not wrong else {}
        except Wrong as nothing:
            wrong = [str(nothing)]
        if wrong:
            return self.failed(case, wrong, self.server.repeat(case, filled))
        if self.verbose:
            print(f"ok      {case.file}: {case.name}")
        return "passed", []

    def failed(self, case, wrong, again):
        wrong = wrong + ([f"again: {again}"] if again else [])
        print(f"FAILED  {case.file}: {case.name}")
        print("\n".join(f"        {line}" for line in wrong), flush=True)
        return "failed", wrong

    def report(self, path):
        ElementTree.indent(self.suites)
        for name, of in {"tests": None, "failures": "failed", "skipped": "skipped"}.items():
            self.suites.set(name, str(self.counts[of] if of else sum(self.counts.values())))
        ElementTree.ElementTree(self.suites).write(path, encoding="utf-8", xml_declaration=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="files of cases; all of cases/ and journeys/ by default")
    parser.add_argument("--cases", action="append", default=[], type=Path, metavar="DIR", help="a folder of cases of your own, run beside ours; may be said again")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="only cases with this in their file, method or name, and those that they need; may be said again")
    parser.add_argument("--read-only", action="store_true", help="only cases that change nothing: for a district with real data")
    parser.add_argument("--print", action="store_true", dest="prints", help="print the command of each case that is run, to be repeated by hand")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write what came of each case as JUnit XML")
    parser.add_argument("--verbose", action="store_true", help="name the cases that pass, too")
    return parser.parse_args()


def main():
    asked = arguments()
    if not shutil.which("grpcurl"):
        sys.exit("grpcurl is not installed: make .tools/grpcurl")
    address = os.environ.get("ADDRESS")
    if not address:
        print("Set ADDRESS to host:port of the server.", file=sys.stderr)
        return USAGE
    own = [path for folder in asked.cases for path in sorted(folder.glob("*.json"))]
    if asked.cases and not own:
        print("There are no cases in the folders that were named.", file=sys.stderr)
        return USAGE
    ours = asked.files or [path for room in ("cases", "journeys") for path in sorted((HERE / room).glob("*.json"))]
    server = Server(address)
    runner, left, known = Runner(server, asked.verbose), Counter(), people(server)
    for path in [*ours, *own]:
        try:
            cases = chosen(read(path), asked.only)
        except Wrong as wrong:
            print(wrong, file=sys.stderr)
            return USAGE
        if asked.read_only:
            cases, why = readable(cases)
            left += why
        if cases:
            runner.file(path, cases, known, asked.prints)
    if asked.junit:
        runner.report(asked.junit)
    for why, number in left.items():
        print(f"{number} cases were left out: {why}")
    counts = runner.counts
    if counts["skipped"]:
        print(f"{counts['skipped']} cases were not run: their role has no token (set TOKEN_ROLE)")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    if not sum(counts.values()):
        print("No case is named so.", file=sys.stderr)
        return USAGE
    incomplete = counts["skipped"] and os.environ.get("REQUIRE_ALL")
    return FAILED if counts["failed"] or incomplete else DONE


if __name__ == "__main__":
    sys.exit(main())
