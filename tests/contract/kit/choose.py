"""Which cases are run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .cases import DISTRICTS, Case, File, district_of

# By their names these only read. A wrong guess costs a call or misses one; whether a production district is spared is
# never decided by a name, but by the contract.
READING = ("Get", "List", "BatchGet", "Watch", "Search", "Explain", "Query", "Export", "Resolve", "Analyze",
           "Crosswalk", "Diff", "Suggest", "Preview", "WhoAmI")
# To read an entry as its learner has an effect: from then on others see what they were written about.
SEEN_BY_READING = {
    "trellis.profile.v1alpha1.LearnerService/GetEntry",
    "trellis.profile.v1alpha1.LearnerService/ListEntries",
}


@dataclass
class Choice:
    """What of a file is run."""

    file: File
    run: list[int]
    needed: set[int] = field(default_factory=set)
    left_out: dict[int, str] = field(default_factory=dict)


def roles_of(choices: list[Choice], there_are: list[str]) -> set[str]:
    """The roles that the chosen cases call as, or name; and one of each district that they name."""
    cases = [choice.file.cases[i] for choice in choices for i in choice.run]
    used = set().union(*(case.uses() for case in cases))
    named = {case.role for case in cases} | {re.sub("_(as_learner|id)$", "", name) for name in used}
    for variable in sorted(DISTRICTS & used):
        of_it = [role for role in there_are if district_of(role) == variable]
        if not named & set(of_it):
            named |= set(of_it[:1])
    return named


def everything(file: File) -> Choice:
    return Choice(file, list(range(len(file.cases))))


def meant(file: File, case: Case, patterns: list[str]) -> bool:
    """Whether one of the patterns is a part of the file's name, the method or the case's name."""
    names = [str(file.path).lower(), case.path.lower(), case.name.lower()]
    return any(pattern.lower() in name for pattern in patterns for name in names)


def only(file: File, patterns: list[str]) -> Choice:
    """The cases that are meant, and those before them that they need."""
    wanted = {i for i, case in enumerate(file.cases) if meant(file, case, patterns)}
    run = wanted.union(*(needs(file, i) for i in wanted))
    return Choice(file, sorted(run), needed=run - wanted)


def needs(file: File, index: int) -> set[int]:
    """The earlier cases without which a case has another answer: those that make its variables, or its copy, and
    those that changed what it asks about; and what these need in turn. The steps of a journey need all before them."""
    if file.journey:
        return set(range(index))
    about = subjects(file, file.cases[index])
    found: set[int] = set()
    while True:
        more = {
            i for i, case in enumerate(file.cases[:index])
            if i not in found
            and (about & makes(case) or case.accepted and changes(case) and about & subjects(file, case))
        }
        if not more:
            return found
        found |= more
        about = about.union(*(subjects(file, file.cases[i]) | makes(file.cases[i]) for i in more))


def subjects(file: File, case: Case) -> set[str]:
    """What a case is about: the variables of its file, and the copy that it looks at."""
    about = case.uses() & (file.own_variables() - set(file.archives))
    # The same request id is remembered for each caller alone.
    about |= {f"run of {case.role}"} if "run" in case.asked_with() else set()
    return about | {f"copy {one['name']}" for one in (case.copy, case.expect.get("copy")) if one}


def makes(case: Case) -> set[str]:
    return set(case.capture) | ({f"copy {case.copy['name']}"} if case.copy else set())


def maker(file: File, index: int, variable: str) -> int | None:
    """The case that gives a variable the value that it has at a case."""
    return next((i for i in reversed(range(index)) if variable in file.cases[i].capture), None)


def changes(case: Case) -> bool:
    """Whether what comes after it may be otherwise for it: because it changed something, or waited until it was."""
    waited = case.method.startswith("Watch") or case.within_seconds > 0
    return waited or not case.method.startswith(READING) or case.path in SEEN_BY_READING


def reading(choice: Choice, safe: set[str]) -> Choice:
    """Of a choice, what changes nothing and needs nothing that was made by a change; and why the rest is left out."""
    file, run, left = choice.file, [], dict(choice.left_out)
    own = file.own_variables() - set(file.archives)
    for i in choice.run:
        case = file.cases[i]
        makers = [maker(file, i, variable) for variable in case.uses() & own]
        if case.path not in safe:
            left[i] = "its method changes something, or does not say that it changes nothing"
        elif case.path in SEEN_BY_READING:
            left[i] = "reading an entry as its learner shows it to others"
        # What only reads takes no request id: where it names the run, it asks for what a write made under it.
        elif "run" in case.uses() or any(by is None or by not in run for by in makers):
            left[i] = "it needs what a case that is left out makes"
        elif file.journey and left:
            left[i] = "the journey is left out from where it changes something"
        else:
            run.append(i)
    return Choice(file, run, choice.needed & set(run), left)
