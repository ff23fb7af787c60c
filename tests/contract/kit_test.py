"""The kit itself, beside a grpcurl that answers as it is told and writes down what it was asked."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

from cases import Wrong, fill, judge, mismatches, read

KIT = Path(__file__).resolve().parent / "kit.py"

GRPCURL = """#!/usr/bin/env python3
import json, os, sys
method = sys.argv[-1]
with open(os.environ["ASKED"], "a") as asked:
    asked.write(json.dumps([method, sys.argv[1:-1], sys.stdin.read()]) + "\\n")
if method.endswith("/WhoAmI"):
    print(json.dumps({"person": "districts/d/people/1", "districts": ["districts/d"]}))
elif method.endswith("/GetGoal"):
    print(json.dumps({"name": "districts/d/goals/7", "why": "to row"}))
elif method.endswith("/CreateGoal"):
    print(json.dumps({"name": "districts/d/goals/7"}))
else:
    sys.stderr.write('ERROR:\\n' + json.dumps({"code": 5, "message": "no", "details": [{"@type": "x/google.rpc.ErrorInfo", "reason": "RESOURCE_NOT_FOUND"}]}))
    sys.exit(64)
"""

CASES = {
    "service": "t.GoalService",
    "cases": [
        {"name": "made", "method": "CreateGoal", "as": "learner", "request": {"parent": "${learner}"}, "expect": {"reply": {"name": "*"}}, "capture": {"goal": "name"}},
        {"name": "read back", "method": "GetGoal", "as": "learner", "request": {"name": "${goal}"}, "expect": {"reply": {"why": "to row"}}},
        {"name": "gone", "method": "GetNothing", "as": "learner", "expect": {"status": "NOT_FOUND", "reason": "RESOURCE_NOT_FOUND"}},
        {"name": "by a guardian", "method": "GetGoal", "as": "guardian", "expect": {"reply": {"why": "*"}}},
    ],
}


class Kit(unittest.TestCase):
    def setUp(self):
        self.room = tempfile.TemporaryDirectory()
        self.addCleanup(self.room.cleanup)
        place = Path(self.room.name)
        (place / "grpcurl").write_text(GRPCURL)
        (place / "grpcurl").chmod(0o755)
        self.asked = place / "asked"
        self.file = place / "goals.json"
        self.file.write_text(json.dumps(CASES))

    def run_kit(self, *arguments, **environment):
        env = {"PATH": f"{self.room.name}:{os.environ['PATH']}", "ADDRESS": "h:1", "TOKEN_LEARNER": "secret", "ASKED": str(self.asked)}
        self.asked.write_text("")
        done = subprocess.run([sys.executable, KIT, *arguments], env=env | environment, capture_output=True, text=True, check=False)
        methods = [json.loads(line)[0] for line in self.asked.read_text().splitlines()]
        return done, [method.split("/")[1] for method in methods if not method.endswith("WhoAmI")]

    def test_what_is_as_expected_passes_and_what_has_no_token_is_told(self):
        done, methods = self.run_kit(self.file)
        self.assertEqual((done.returncode, methods), (0, ["CreateGoal", "GetGoal", "GetNothing"]), done.stdout)
        self.assertIn("3 passed, 0 failed, 1 skipped", done.stdout)
        self.assertEqual(self.run_kit(self.file, REQUIRE_ALL="1")[0].returncode, 1)

    def test_what_is_not_as_expected_fails_and_says_how_to_call_it_again(self):
        wrong = json.loads(json.dumps(CASES).replace("to row", "to sing"))
        self.file.write_text(json.dumps(wrong))
        report = Path(self.room.name) / "report.xml"
        done, _ = self.run_kit(self.file, "--junit", report)
        self.assertEqual(done.returncode, 1)
        self.assertIn('"to row" is not "to sing"', done.stdout)
        self.assertIn('-H "authorization: Bearer $TOKEN_LEARNER"', done.stdout)
        self.assertNotIn("secret", done.stdout)
        suites = ElementTree.parse(report).getroot()
        self.assertEqual((suites.get("tests"), suites.get("failures"), suites.get("skipped")), ("4", "1", "1"))
        self.assertEqual([case.get("name") for case in suites.iter("testcase") if case.find("failure") is not None], ["read back"])

    def test_a_case_brings_those_that_it_needs(self):
        self.assertEqual(self.run_kit(self.file, "--only", "read back")[1], ["CreateGoal", "GetGoal"])
        self.assertEqual(self.run_kit(self.file, "--only", "gone")[1], ["GetNothing"])
        self.assertEqual(self.run_kit(self.file, "--only", "unheard of")[0].returncode, 2)

    def test_what_only_reads_sends_nothing_that_writes_and_needs_nothing_written(self):
        done, methods = self.run_kit(self.file, "--read-only")
        self.assertEqual(methods, ["GetNothing"])
        self.assertIn("1 cases were left out: they use what a change left", done.stdout)

    def test_a_folder_of_others_is_run_beside(self):
        folder = Path(self.room.name) / "own"
        folder.mkdir()
        (folder / "mine.json").write_text(json.dumps(CASES))
        done, methods = self.run_kit(self.file, "--cases", folder)
        self.assertEqual(len(methods), 6)
        self.assertIn("mine: 3 of 4 passed", done.stdout)

    def test_what_is_printed_can_be_pasted(self):
        done, _ = self.run_kit(self.file, "--only", "read back", "--print")
        command = [line for line in done.stdout.splitlines() if line.startswith("printf")][-1]
        env = {"PATH": f"{self.room.name}:{os.environ['PATH']}", "ASKED": str(self.asked), "TOKEN_LEARNER": "secret"}
        again = subprocess.run(["bash", "-c", command], env=env, capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(again.stdout)["why"], "to row")
        method, arguments, sent = json.loads(self.asked.read_text().splitlines()[-1])
        self.assertEqual((method, sent), ("t.GoalService/GetGoal", '{"name": "districts/d/goals/7"}'))
        self.assertIn("authorization: Bearer secret", arguments)


class Form(unittest.TestCase):
    def test_values(self):
        self.assertEqual(mismatches({"a": [1, "x"], "b": 2}, {"a": [1, "~^x$"]}, ""), [])
        for actual, expected in [({"a": 1}, {"a": "*", "b": "*"}), ([1], [1, 2]), (True, 1), ("y", "~^x"), (None, {"a": 1})]:
            self.assertTrue(mismatches(actual, expected, "reply"), (actual, expected))
        self.assertEqual(mismatches({}, {"gone": None}, ""), [])

    def test_answers(self):
        refused = {"code": 3, "details": [{"@type": "x/google.rpc.BadRequest", "fieldViolations": [{"field": "a.b"}]}]}
        self.assertEqual(judge({"status": "INVALID_ARGUMENT", "field": "a.b"}, [], refused), [])
        self.assertTrue(judge({"status": "INVALID_ARGUMENT", "field": "a.c"}, [], refused))
        self.assertTrue(judge({}, [], refused))
        self.assertEqual(judge({"any_reply": {"n": 2}}, [{"n": 1}, {"n": 2}], {"code": 0}), [])
        self.assertTrue(judge({"any_reply": {"n": 3}}, [{"n": 1}], {"code": 0}))
        self.assertTrue(judge({"any_reply": {"n": 3}}, [], {"code": 0}))
        self.assertTrue(judge({"holds": {"in": "items", "item": {"n": 1}}}, [{"items": [{"n": 2}]}], {"code": 0}))

    def test_what_cannot_be_run_says_where(self):
        self.assertEqual(fill({"a": ["${x}/b"]}, {"x": "1"}), {"a": ["1/b"]})
        with self.assertRaisesRegex(Wrong, "variable y"):
            fill("${y}", {})
        for text in ["[]", "{", '{"cases": [{"name": "n", "method": "M"}]}', '{"cases": [{"name": "n", "method": "M", "expect": {}}]}']:
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                file.write(text)
                file.flush()
                with self.assertRaisesRegex(Wrong, file.name):
                    read(file.name)


if __name__ == "__main__":
    unittest.main()
