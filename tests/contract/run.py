#!/usr/bin/env python3
"""Runs the contract cases against a Trellis server; needs grpcurl, and of Python only what comes with it."""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from pathlib import Path

# The folder is not ours alone: a vendor's checkout stays as it is.
sys.dont_write_bytecode = True

from kit import choose, judge, report, script  # noqa: E402
from kit.call import Server, by_hand, roles, variable_of  # noqa: E402
from kit.cases import DISTRICTS, ROLES, File, Trouble, Unknown, fill, load  # noqa: E402
from kit.choose import Choice  # noqa: E402
from kit.report import FAILED, LEFT_OUT, PASSED, SKIPPED, Outcome, Result  # noqa: E402

HERE = Path(__file__).parent

HELP = """\
environment:
  ADDRESS        host:port of the server; several with commas between take turns
  ADDRESS_SERVICE  that of one service, where it is elsewhere: ADDRESS_OUTCOME, ADDRESS_PROFILE, ...
  TOKEN_ROLE     the token of each role: TOKEN_LEARNER, TOKEN_EDUCATOR, ...; TOKEN alone is the operator's
  GRPCURL_FLAGS  how to connect, instead of -plaintext: "-cacert ca.pem", or "" for TLS by a known authority
  REQUIRE_ALL    1: a case that is not run, for want of a token, is a failure
  VERBOSE        1: as --verbose

exit codes:
  0  every case that was run was as expected
  1  one was not; or, with REQUIRE_ALL, one was not run
  2  the run could not begin: an option, a file, a tool, a token or the server is wrong, or nothing is chosen

README.md beside this program says how a case is written.
"""


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="Runs the contract cases and the journeys against a Trellis server.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("files", nargs="*", type=Path, metavar="FILE", help="files of cases; without any, ours: cases/ and journeys/")
    add("--cases", action="append", default=[], type=Path, metavar="DIR",
        help="a folder of your own cases, run after the files and reported apart; may be repeated")
    add("--only", action="append", default=[], metavar="PATTERN",
        help="only cases of which this is a part of the file's path, the method or the name, and those before them "
        "that they need; may be repeated")
    add("--read-only", action="store_true",
        help="only cases that change nothing, by the contract that the server describes")
    add("--print", action="store_true", dest="show",
        help="run nothing: print a script of grpcurl lines that repeats the cases by hand")
    add("--junit", type=Path, metavar="FILE", help="write the results there as JUnit XML, too")
    add("--verbose", "-v", action="store_true", default=bool(os.environ.get("VERBOSE")),
        help="tell of the cases that pass, too, and of each that is not run")
    return parser.parse_args()


def files_of(wanted: argparse.Namespace) -> list[File]:
    """The files to run, each under the group that it is reported with."""
    named = wanted.files or [*sorted((HERE / "cases").glob("*.json")), *sorted((HERE / "journeys").glob("*.json"))]
    files = [load(path, path.parent.name or ".") for path in named]
    for folder in wanted.cases:
        found = sorted(folder.rglob("*.json"))
        if not found:
            raise Trouble(f"{folder}: holds no file of cases")
        files += [load(path, str(folder)) for path in found]
    return files


class Run:
    """A file being run: what its cases have made so far."""

    def __init__(self, server: Server, file: File, people: dict[str, str]) -> None:
        self.server, self.file = server, file
        run = str(uuid.uuid4())
        self.variables = {**people, "run": run, **file.archived(run)}
        self.copies: judge.Copies = {}
        self.lost: dict[str, str] = {}

    def case(self, index: int) -> Result:
        """Runs a case; what it should have made and did not is lost to those after it."""
        began = time.monotonic()
        result = self.attempt(index)
        result.seconds = time.monotonic() - began
        if result.state != PASSED:
            case = self.file.cases[index]
            self.lost.update({variable: case.name for variable in case.capture})
        return result

    def attempt(self, index: int) -> Result:
        case = self.file.cases[index]
        if case.role != "nobody" and case.role not in roles():
            return Result(SKIPPED, lines=[f"{variable_of(case.role)} is not set"])
        try:
            messages = fill(case.messages, self.variables)
            metadata = fill(case.metadata, self.variables)
            expect = fill(case.expect, self.variables)
            case.capture_from = fill(case.capture_from, self.variables)
        except Unknown as unknown:
            name = str(unknown)
            if name in self.lost:
                return Result(SKIPPED, lines=[f"it needs {name}, of a case that did not pass: {self.lost[name]}"])
            if name.removesuffix("_as_learner").removesuffix("_id") in ROLES | DISTRICTS:
                return Result(SKIPPED, lines=[f"it names {name}, and that token is not set"])
            return Result(FAILED, lines=[f"the variable {name} is not known here"])
        deadline = time.monotonic() + case.within_seconds
        while True:
            answer = self.server.call(case, messages, metadata)
            wrong = judge.judge(expect, answer, self.copies)
            if not wrong or time.monotonic() >= deadline:
                break
            time.sleep(0.2)
        kept, missing = judge.captured(case, answer) if not wrong else ({}, [])
        if wrong or missing:
            # What was kept of other answers stands in the line.
            line = "" if judge.discreet else by_hand(case, messages, metadata, answer.address)
            return Result(FAILED, lines=wrong or missing, command=line)
        self.variables.update(kept)
        if case.copy:
            judge.keep(case.copy, answer, self.copies)
        return Result(PASSED)


def run_file(server: Server, choice: Choice, people: dict[str, str], verbose: bool) -> Outcome:
    outcome = Outcome(choice, report.now())
    run = Run(server, choice.file, people)
    ended = ""
    for index in range(len(choice.file.cases)):
        if index in choice.left_out:
            outcome.results[index] = Result(LEFT_OUT, lines=[choice.left_out[index]])
        elif index in choice.run:
            outcome.results[index] = Result(SKIPPED, lines=[ended]) if ended else run.case(index)
            # A journey goes on from what its steps have done: an import is not made whose rehearsal failed.
            if choice.file.journey and not ended and outcome.results[index].state != PASSED:
                ended = f"the journey ended at: {choice.file.cases[index].name}"
        else:
            continue
        report.tell_case(outcome, index, verbose)
    report.tell_file(outcome)
    return outcome


def choices_of(wanted: argparse.Namespace, server: Server | None) -> list[Choice]:
    files = files_of(wanted)
    choices = [choose.only(file, wanted.only) if wanted.only else choose.everything(file) for file in files]
    if wanted.read_only and server:
        safe = server.reading()
        choices = [choose.reading(choice, safe) for choice in choices]
    choices = [choice for choice in choices if choice.run or choice.left_out]
    if not any(choice.run for choice in choices):
        raise Trouble("no case is chosen")
    return choices


def main() -> int:
    wanted = options()
    judge.discreet = wanted.read_only
    if os.environ.get("TOKEN") and not os.environ.get("TOKEN_OPERATOR"):
        os.environ["TOKEN_OPERATOR"] = os.environ["TOKEN"]
    address = os.environ.get("ADDRESS", "")
    server = Server(address) if address else None
    if not server and (wanted.read_only or not wanted.show):
        raise Trouble("set ADDRESS to host:port of the server")
    choices = choices_of(wanted, server)
    if wanted.show or not server:
        print(script.write(choices))
        return 0
    people = server.people(choose.roles_of(choices, roles()))
    outcomes = [run_file(server, choice, people, wanted.verbose) for choice in choices]
    report.tell_all(outcomes)
    if wanted.junit:
        try:
            report.junit(outcomes, wanted.junit)
        except OSError as error:
            raise Trouble(f"{wanted.junit}: {error.strerror}") from error
    failed = sum(one.count(FAILED) for one in outcomes)
    skipped = sum(one.count(SKIPPED) for one in outcomes)
    return 1 if failed or (skipped and os.environ.get("REQUIRE_ALL")) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
