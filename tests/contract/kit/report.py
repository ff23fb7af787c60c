"""What came of a run: for a person to read, and as JUnit's XML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from .choose import Choice

PASSED, FAILED, SKIPPED, LEFT_OUT = "passed", "failed", "skipped", "left out"
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Result:
    """What came of one case."""

    state: str
    seconds: float = 0.0
    lines: list[str] = field(default_factory=list)
    command: str = ""


@dataclass
class Outcome:
    """What came of a file, case by case."""

    choice: Choice
    begun: datetime
    results: dict[int, Result] = field(default_factory=dict)

    def count(self, state: str) -> int:
        return sum(result.state == state for result in self.results.values())

    @property
    def seconds(self) -> float:
        return sum(result.seconds for result in self.results.values())


def now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0, tzinfo=None)


def tell_case(outcome: Outcome, index: int, verbose: bool) -> None:
    """Says at once what failed; of what did not, when asked."""
    result, file = outcome.results[index], outcome.choice.file
    words = {PASSED: "ok", FAILED: "FAILED", SKIPPED: "skipped", LEFT_OUT: "left out"}[result.state]
    if result.state != FAILED and not verbose:
        return
    needed = " (needed by others)" if index in outcome.choice.needed else ""
    print(f"{words:<9} {file.name}: {file.cases[index].name}{needed}", flush=True)
    for line in result.lines:
        print(f"          {line}")
    if result.command and result.state == FAILED:
        print(f"          by hand: {result.command}", flush=True)


def tell_file(outcome: Outcome) -> None:
    passed, ran = outcome.count(PASSED), len(outcome.results) - outcome.count(LEFT_OUT)
    rest = [f"{outcome.count(state)} {state}" for state in (SKIPPED, LEFT_OUT) if outcome.count(state)]
    print(", ".join([f"{outcome.choice.file.name}: {passed} of {ran} passed", *rest]), flush=True)


def tell_all(outcomes: list[Outcome]) -> None:
    """Sums up: why cases were not run, then each group apart, then all of them."""
    reasons = Counter(
        (result.state, result.lines[0])
        for outcome in outcomes
        for result in outcome.results.values()
        if result.state in (SKIPPED, LEFT_OUT)
    )
    for (state, reason), count in reasons.most_common():
        print(f"{count} {state}: {reason}")
    needed = sum(len(outcome.choice.needed) for outcome in outcomes)
    if needed:
        print(f"{needed} of these were run because others need them")
    groups = list(dict.fromkeys(outcome.choice.file.group for outcome in outcomes))
    if len(groups) > 1:
        for group in groups:
            print(f"{group}: {sums([one for one in outcomes if one.choice.file.group == group])}")
    print(sums(outcomes), flush=True)


def sums(outcomes: list[Outcome]) -> str:
    total = {state: sum(one.count(state) for one in outcomes) for state in (PASSED, FAILED, SKIPPED, LEFT_OUT)}
    words = [f"{total[state]} {state}" for state in (PASSED, FAILED, SKIPPED)]
    words += [f"{total[LEFT_OUT]} {LEFT_OUT}"] if total[LEFT_OUT] else []
    return f"{', '.join(words)} in {sum(one.seconds for one in outcomes):.1f} s"


def junit(outcomes: list[Outcome], path: Path) -> None:
    """Writes what build servers read: a suite for each file, a case for each case."""
    root = xml.Element("testsuites", {"name": "trellis contract", **counts(outcomes)})
    # The common schema knows this of a suite alone.
    del root.attrib["skipped"]
    for outcome in outcomes:
        file = outcome.choice.file
        suite = f"{file.group}.{file.name}"
        begun = outcome.begun.isoformat()
        element = xml.SubElement(root, "testsuite", {"name": suite, "timestamp": begun, **counts([outcome])})
        for index, result in sorted(outcome.results.items()):
            case = xml.SubElement(element, "testcase", {
                "name": clean(file.cases[index].name), "classname": suite, "time": f"{result.seconds:.3f}",
            })
            said = clean("\n".join(result.lines))
            if result.state == FAILED:
                failure = xml.SubElement(case, "failure", {"message": said.split("\n")[0], "type": "unexpected"})
                failure.text = clean("\n".join([*result.lines, result.command]))
            elif result.state in (SKIPPED, LEFT_OUT):
                xml.SubElement(case, "skipped", {"message": said})
    xml.ElementTree(root).write(path, "utf-8", xml_declaration=True)


def counts(outcomes: list[Outcome]) -> dict[str, str]:
    return {
        "tests": str(sum(len(one.results) for one in outcomes)),
        "failures": str(sum(one.count(FAILED) for one in outcomes)),
        "errors": "0",
        "skipped": str(sum(one.count(SKIPPED) + one.count(LEFT_OUT) for one in outcomes)),
        "time": f"{sum(one.seconds for one in outcomes):.3f}",
    }


def clean(text: str) -> str:
    return NOT_IN_XML.sub("?", text)
