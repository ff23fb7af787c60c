"""The files of cases: read, checked, filled in."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VARIABLE = re.compile(r"\$\{([a-z0-9_]+)\}")

# Whose tokens there are; `nobody` has none.
ROLES = {
    "operator", "administrator", "educator", "other_educator", "learner", "classmate", "guardian", "application",
    "other_application", "stranger", "stranger_operator", "sandbox_operator",
}

# The variables of the districts that they are in.
DISTRICTS = {"district", "other_district", "sandbox"}


def district_of(role: str) -> str:
    """The variable of the district that a role is in."""
    if role.startswith("sandbox"):
        return "sandbox"
    return "other_district" if role.startswith("stranger") else "district"


FILE_KEYS = {"service", "cases", "journey", "archives"}
JOURNEY_KEYS = {"title", "for", "text", "to_come"}
CASE_KEYS = {
    "name", "text", "service", "method", "as", "request", "metadata", "expect", "capture", "capture_from",
    "within_seconds", "max_seconds", "every_page", "copy",
}
EXPECT_KEYS = {"status", "reason", "field", "reply", "any_reply", "holds", "copy"}


class Trouble(Exception):
    """The run cannot begin: a wrong file, a missing tool, no server."""


class Unknown(Exception):
    """A variable has no value."""


def variables_in(value: Any) -> set[str]:
    """The variables that any text within the value names."""
    if isinstance(value, str):
        return set(VARIABLE.findall(value))
    if isinstance(value, dict):
        return set().union(*map(variables_in, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(variables_in, value)) if value else set()
    return set()


def fill(value: Any, variables: dict[str, str]) -> Any:
    """The value with every variable in its texts replaced."""
    if isinstance(value, str):
        def known(match: re.Match[str]) -> str:
            if match[1] not in variables:
                raise Unknown(match[1])
            return variables[match[1]]
        return VARIABLE.sub(known, value)
    if isinstance(value, dict):
        return {key: fill(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, variables) for inner in value]
    return value


@dataclass
class Case:
    """One call, and what is expected of it."""

    name: str
    text: str
    service: str
    method: str
    role: str
    request: Any
    metadata: dict[str, str]
    expect: dict[str, Any]
    capture: dict[str, str]
    capture_from: Any
    within_seconds: float
    max_seconds: float
    every_page: bool
    copy: dict[str, str]

    @property
    def path(self) -> str:
        """The method as gRPC names it."""
        return f"{self.service}/{self.method}"

    @property
    def accepted(self) -> bool:
        """Whether the call is expected to do what it says; a stream that stays open is ended by its time."""
        return self.expect.get("status", "OK") in ("OK", "DEADLINE_EXCEEDED")

    @property
    def messages(self) -> list[Any]:
        """The messages that are sent: several to a client stream."""
        return self.request if isinstance(self.request, list) else [self.request]

    def asked_with(self) -> set[str]:
        """The variables that the call is made with."""
        return variables_in([self.request, self.metadata])

    def uses(self) -> set[str]:
        """The variables that the case names anywhere."""
        return variables_in([self.request, self.metadata, self.expect, self.capture_from])


@dataclass
class File:
    """The cases of one subject, in their order, or the steps of a journey."""

    path: Path
    group: str
    cases: list[Case]
    journey: dict[str, Any] | None = None
    archives: dict[str, Path] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the file is called in reports."""
        return self.path.stem

    def own_variables(self) -> set[str]:
        """The variables that its cases or archives make."""
        return set(self.archives).union(*(case.capture for case in self.cases))

    def archived(self, run: str) -> dict[str, str]:
        """Its archives, as the variables that its cases name them by."""
        return {name: archive(folder, run) for name, folder in self.archives.items()}


def archive(folder: Path, run: str) -> str:
    """The files of a folder as a ZIP in base64: the same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in sorted(folder.iterdir()):
            zipped.writestr(zipfile.ZipInfo(file.name), fill(file.read_text("utf-8"), {"run": run}))
    return base64.b64encode(packed.getvalue()).decode()


def load(path: Path, group: str) -> File:
    """Reads a file, and refuses what would go unnoticed: a key that is misspelt, a case that cannot fail."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Trouble(f"{path}: {error}") from error
    if not isinstance(value, dict) or not isinstance(value.get("cases"), list):
        raise Trouble(f"{path}: holds no cases")
    checked(value, FILE_KEYS, str(path))
    journey = value.get("journey")
    if journey is not None:
        checked(journey, JOURNEY_KEYS, f"{path}: journey")
    archives = {name: path.parent / folder for name, folder in value.get("archives", {}).items()}
    for folder in archives.values():
        if not folder.is_dir():
            raise Trouble(f"{path}: there is no folder {folder}")
    service = value.get("service", "")
    return File(path, group, [read(case, service, path) for case in value["cases"]], journey, archives)


def checked(value: Any, keys: set[str], where: str) -> None:
    if not isinstance(value, dict):
        raise Trouble(f"{where}: is no object")
    for key in value:
        if key not in keys:
            raise Trouble(f"{where}: there is no key {key}; there are {', '.join(sorted(keys))}")


def read(value: Any, service: str, path: Path) -> Case:
    where = f"{path}: {value.get('name', 'a case') if isinstance(value, dict) else 'a case'}"
    checked(value, CASE_KEYS, where)
    for key in ("name", "method", "expect"):
        if key not in value:
            raise Trouble(f"{where}: has no {key}")
    checked(value["expect"], EXPECT_KEYS, f"{where}: expect")
    if value.get("as", "nobody") not in ROLES | {"nobody"}:
        raise Trouble(f"{where}: there is no role {value['as']}; there are {', '.join(sorted(ROLES))} and nobody")
    if not value.get("service", service):
        raise Trouble(f"{where}: has no service, nor has its file")
    return Case(
        name=value["name"],
        text=value.get("text", ""),
        service=value.get("service", service),
        method=value["method"],
        role=value.get("as", "nobody"),
        request=value.get("request", {}),
        metadata=value.get("metadata", {}),
        expect=value["expect"],
        capture=value.get("capture", {}),
        capture_from=value.get("capture_from"),
        within_seconds=value.get("within_seconds", 0),
        max_seconds=value.get("max_seconds", 20),
        every_page=value.get("every_page", False),
        copy=value.get("copy", {}),
    )
