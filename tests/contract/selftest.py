#!/usr/bin/env python3
"""Tests of the runner itself, against the server that `run.py` would run against.

ADDRESS and the tokens as for `run.py`. It makes a few records, as the cases do: never run it against a district that
is in use.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path

HERE = Path(__file__).parent
PROTO = HERE.parent.parent / "proto" / "trellis"
WHO = "trellis.common.v1.IdentityService"

# Notes the method of every call, and then makes it.
NOTING = """#!/usr/bin/env bash
printf '%s\\n' "${@: -1}" >>"$NOTED"
PATH=$REAL exec grpcurl "$@"
"""


def run(*arguments: str | Path, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Runs the runner; a variable that is None is not set."""
    merged = {**os.environ, "REQUIRE_ALL": "", "VERBOSE": "", **environment}
    env = {name: value for name, value in merged.items() if value is not None}
    words = [sys.executable, str(HERE / "run.py"), *map(str, arguments)]
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False)


def who(name: str, kind: str, **more: object) -> dict[str, object]:
    """A case that asks the learner who they are."""
    expect = {"reply": {"kind": kind}}
    return {"name": name, "method": "WhoAmI", "as": "learner", "request": {}, "expect": expect, **more}


def writing_methods() -> set[str]:
    """What changes something, told in another way than the runner finds it: it takes a request_id, or is a stream of
    requests."""
    found: set[str] = set()
    for file in sorted(PROTO.rglob("*.proto")):
        text = re.sub(r"(?m)^\s*//.*$", "", file.read_text("utf-8"))
        package = re.search(r"(?m)^package (\S+);", text)
        messages = {name: body for name, body in re.findall(r"(?ms)^message (\w+) \{(.*?)^\}", text)}
        for service, body in re.findall(r"(?ms)^service (\w+) \{(.*?)^\}", text):
            for method, stream, request in re.findall(r"rpc (\w+)\((stream )?(\w+)\)", body):
                if stream or "request_id" in messages.get(request, ""):
                    found.add(f"{package[1] if package else ''}.{service}/{method}")
    return found


class Runner(unittest.TestCase):
    """What a vendor relies on."""

    def setUp(self) -> None:
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.folder = Path(kept.name)

    def own(self, *cases: dict[str, object], name: str = "mine", **more: object) -> Path:
        folder = self.folder / "own"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps({"service": WHO, "cases": cases, **more}), "utf-8")
        return folder

    def test_a_wrong_expectation_fails_and_is_told_apart_in_text_and_xml(self) -> None:
        folder = self.own(who("right", "CALLER_KIND_PERSON"), who("wrong & <odd>", "CALLER_KIND_SERVICE"))
        report = self.folder / "junit.xml"
        done = run(HERE / "cases" / "common.json", "--cases", folder, "--junit", report)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn('reply.kind: "CALLER_KIND_PERSON" is not "CALLER_KIND_SERVICE"', done.stdout)
        self.assertRegex(done.stdout, r"(?m)^cases: 7 passed, 0 failed, 0 skipped")
        self.assertRegex(done.stdout, rf"(?m)^{re.escape(str(folder))}: 1 passed, 1 failed, 0 skipped")
        root = xml.parse(report).getroot()
        self.assertEqual((root.tag, root.get("tests"), root.get("failures")), ("testsuites", "9", "1"))
        suites = {suite.get("name"): suite for suite in root}
        self.assertEqual(set(suites), {"cases.common", f"{folder}.mine"})
        for suite in suites.values():
            self.assertEqual(int(suite.get("tests", "0")), len(suite.findall("testcase")))
            self.assertGreater(float(suite.get("time", "0")), 0)
        failures = suites[f"{folder}.mine"].findall("testcase/failure")
        self.assertEqual(len(failures), 1)
        self.assertIn("grpcurl ", failures[0].text or "")

    def test_a_failed_case_shows_the_line_that_repeats_it(self) -> None:
        done = run(*self.own(who("it's wrong", "CALLER_KIND_SERVICE")).glob("*.json"))
        line = re.search(r"by hand: (grpcurl .*)", done.stdout)
        self.assertIsNotNone(line, done.stdout)
        answer = subprocess.run(["bash", "-c", line[1] if line else ""], capture_output=True, text=True, check=False)
        self.assertEqual(json.loads(answer.stdout)["kind"], "CALLER_KIND_PERSON")
        self.assertNotIn(os.environ["TOKEN_LEARNER"], done.stdout)

    def test_only_runs_what_a_case_needs_too(self) -> None:
        done = run(HERE / "cases" / "profile_goals.json", "--only", "an educator endorses it", "--verbose")
        needed = re.findall(r"(?m)^ok +profile_goals: (.*) \(needed by others\)$", done.stdout)
        meant = re.findall(r"(?m)^ok +profile_goals: (.*(?<!\)))$", done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("an educator proposes a goal", needed)
        self.assertTrue(meant and all("endorses" in name for name in meant), done.stdout)

    def test_what_is_printed_gives_the_expected_answer_when_it_is_run(self) -> None:
        printed = run(HERE / "cases" / "profile_goals.json", "--print", "--only", "the learner says that it is theirs")
        self.assertEqual(printed.returncode, 0, printed.stderr)
        for variable in (name for name in os.environ if name.startswith("TOKEN_")):
            self.assertNotIn(os.environ[variable], printed.stdout)
        done = subprocess.run(["bash"], input=printed.stdout, capture_output=True, text=True, check=False)
        replies = list(self.documents(done.stdout))
        self.assertEqual(replies[-1].get("status"), "GOAL_STATUS_ACTIVE", done.stdout + done.stderr)

    def test_reading_sends_nothing_that_writes(self) -> None:
        writing = writing_methods()
        self.assertGreater(len(writing), 60)
        printed = run("--read-only", "--print")
        called = set(re.findall(r"trellis\.[a-z0-9.]+\w+Service/\w+", printed.stdout))
        self.assertGreater(len(called), 60, printed.stderr)
        self.assertEqual(called & writing, set())
        (self.folder / "grpcurl").write_text(NOTING, "utf-8")
        (self.folder / "grpcurl").chmod(0o755)
        noted = self.folder / "noted"
        path = os.environ["PATH"]
        files = [HERE / "cases" / name for name in ("common.json", "profile_tokens.json", "experience_evidence.json")]
        done = run(*files, "--read-only", PATH=f"{self.folder}:{path}", REAL=path, NOTED=str(noted))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"(?m)^\d+ left out: its method changes something")
        sent = {line for line in noted.read_text("utf-8").splitlines() if "/" in line}
        self.assertTrue(sent and not sent & writing, sent)

    def test_a_missing_token_is_seen(self) -> None:
        file = next(self.own(who("needs it", "CALLER_KIND_PERSON")).glob("*.json"))
        done = run(file, TOKEN_LEARNER=None)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("1 skipped: TOKEN_LEARNER is not set", done.stdout)
        self.assertEqual(run(file, TOKEN_LEARNER=None, REQUIRE_ALL="1").returncode, 1)

    def test_a_journey_ends_where_a_step_fails(self) -> None:
        steps = [who("first", "CALLER_KIND_SERVICE"), who("second", "CALLER_KIND_PERSON")]
        folder = self.own(*steps, journey={"title": "A way", "for": "nobody", "text": "It ends."})
        done = run(*folder.glob("*.json"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("1 skipped: the journey ended at: first", done.stdout)

    def test_what_would_go_unnoticed_is_refused(self) -> None:
        bare: dict[str, object] = {"name": "a", "method": "WhoAmI"}
        for wrong in (who("a", "b", expext={}), bare, who("a", "b", **{"as": "lerner"})):
            done = run(*self.own(wrong).glob("*.json"))
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn("mine.json", done.stderr)
        self.assertEqual(run("--only", "there is no such case").returncode, 2)

    @staticmethod
    def documents(text: str):
        decoder, place = json.JSONDecoder(), 0
        while (place := len(text) - len(text[place:].lstrip())) < len(text):
            value, place = decoder.raw_decode(text, place)
            yield value


if __name__ == "__main__":
    unittest.main()
