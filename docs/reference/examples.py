"""Examples and reasons, taken from the contract cases: calls that a suite has answered, and calls it has refused."""

import json
import re
from dataclasses import dataclass

ADDRESS = "127.0.0.1:50051"
DISTRICT = "districts/grand-bend"
RUN = "0198c2f0-3a61-7d4e-9b57-2f1d6c8e4a10"
VARIABLE = re.compile(r"\$\{([a-z0-9_]+)\}")
# What else the shell would look at in a here-document.
VARIABLE_OR_SPECIAL = re.compile(VARIABLE.pattern + r"|[\\$`]")
# Longer than what a person types: the content of a file.
FILE_LENGTH = 200

ROLES = {
    "operator": "the district's IT",
    "administrator": "who leads the district",
    "educator": "who teaches the learner",
    "other_educator": "who teaches others",
    "learner": "whose record it is",
    "classmate": "in the learner's class",
    "guardian": "of the learner",
    "application": "inside its agreement",
    "other_application": "outside its agreement",
    "stranger": "who teaches in another district",
    "sandbox_operator": "who tries things in the sandbox",
}


@dataclass
class Variable:
    name: str
    meaning: str
    # The method whose answer holds it, as `package.Service/Method`.
    source: str | None = None


@dataclass
class Example:
    case: str
    role: str | None
    command: str
    variables: list[Variable]
    streams: bool
    # Whether it is a call that was refused, there being none that a suite without defects accepts.
    refused: str | None = None


@dataclass
class Refusal:
    status: str
    reason: str | None
    cases: list[str]


class Cases:
    def __init__(self, folder, contract):
        self.contract = contract
        self._cases = []
        for path in sorted(folder.glob("*.json")):
            read = json.loads(path.read_text(encoding="utf-8"))
            for place, case in enumerate(read["cases"]):
                method = f"{case.get('service', read['service'])}/{case['method']}"
                own = method.startswith(read["service"] + "/")
                self._cases.append((path.name, place, method, own, case))

    def missing(self):
        for method in self.contract.methods.values():
            if not method.for_services_only and self.example(method) is None:
                yield f"{method.path} has no case that is accepted, and so no example"

    def refusals(self, method):
        found = {}
        for _, _, called, _, case in self._cases:
            expect = case["expect"]
            if called != method.path or _accepted(expect):
                continue
            key = (expect["status"], expect.get("reason"))
            found.setdefault(key, Refusal(*key, [])).cases.append(case["name"])
        return sorted(found.values(), key=lambda refusal: (refusal.reason or "~", refusal.status))

    def example(self, method):
        """The first accepted case of the file that is about the method's service, or of any other."""
        called = [entry for entry in self._cases if entry[2] == method.path]
        accepted = [entry for entry in called if _accepted(entry[4]["expect"])]
        # A call for what is not there has the shape of one for what is.
        shaped = [entry for entry in called if entry[4]["expect"].get("reason") == "RESOURCE_NOT_FOUND"]
        for entry in sorted(accepted, key=lambda entry: not entry[3]) or shaped:
            return self._written(method, *entry)
        return None

    def _written(self, method, file, place, _, __, case):
        variables = {}

        def named(name):
            variable = self._variable(file, place, name)
            if variable is None:
                return RUN if name == "run" else DISTRICT
            variables[variable.name] = variable
            return "${" + variable.name + "}"

        def fill(value, key=None):
            if isinstance(value, dict):
                return {name: fill(inner, name) for name, inner in value.items()}
            if isinstance(value, list):
                return [fill(inner, key) for inner in value]
            if isinstance(value, str):
                if len(value) > FILE_LENGTH and not VARIABLE.search(value):
                    variables["FILE"] = Variable("FILE", f"the path of a file of yours, sent as `{key}`")
                    return "$(base64 -w0 ${FILE})"
                return VARIABLE_OR_SPECIAL.sub(lambda found: named(found[1]) if found[1] else "\\" + found[0], value)
            return value

        request = case.get("request", {})
        messages = [fill(message) for message in (request if isinstance(request, list) else [request])]
        if "FILE" in variables:
            messages = _of_one_file(messages)
        body = "\n".join(json.dumps(message, indent=2, ensure_ascii=False) for message in messages)
        role = case.get("as")
        headers = ['-H "authorization: Bearer $TOKEN"'] if role else []
        headers += [f"-H '{name}: {value}'" for name, value in case.get("metadata", {}).items()]
        command = " ".join(["grpcurl", "-plaintext", *headers, "-d", "@", ADDRESS])
        return Example(
            case=case["name"],
            role=role,
            command=f"{command} \\\n  {method.path} <<END\n{body}\nEND",
            variables=sorted(variables.values(), key=lambda variable: variable.name),
            streams="max_seconds" in case,
            refused=None if _accepted(case["expect"]) else case["expect"].get("reason"),
        )

    def _variable(self, file, place, name):
        """What a variable stands for; None for those that have a value of their own here."""
        if name in ("run", "district"):
            return None
        if name == "sandbox":
            return Variable("SANDBOX", "a sandbox: `districts/{district}`")
        for suffix, kind in (("_as_learner", "learners"), ("_id", None)):
            role = name.removesuffix(suffix)
            if name.endswith(suffix) and role in ROLES:
                if kind is None:
                    return Variable(name.upper(), f"the id of the {_spoken(role)}, a UUID")
                return Variable(role.upper(), f"the {_spoken(role)}: `districts/{{district}}/{kind}/{{id}}`")
        for at, method, case in reversed(self._captures(file, name)):
            if at < place:
                return self._captured(name, method, case["capture"][name])
        kind = "applications" if name.endswith("application") else "people"
        suffix = "" if kind == "applications" else "_PERSON"
        return Variable(name.upper() + suffix, f"the {_spoken(name)}: `districts/{{district}}/{kind}/{{id}}`")

    def _captures(self, file, name):
        return [
            (place, method, case)
            for in_file, place, method, _, case in self._cases
            if in_file == file and name in case.get("capture", {})
        ]

    def _captured(self, name, source, path):
        method = self.contract.methods[source]
        message, field = self.contract.messages[method.response], None
        for part in path.split("."):
            if part.isdigit():
                continue
            field = message.field(part)
            message = self.contract.messages.get(field.type)
        resource = None
        if field.name == "name":
            resource = self._owner(method.response, path)
        elif field.reference:
            resource = self.contract.resources.get(field.reference)
        pattern = f": `{resource.patterns[0]}`" if resource else ""
        return Variable(name.upper(), f"`{path}` in an answer of {method.name}{pattern}", source)

    def _owner(self, response, path):
        message = self.contract.messages[response]
        for part in path.split(".")[:-1]:
            if not part.isdigit():
                message = self.contract.messages[message.field(part).type]
        return message if message.patterns else None


def _accepted(expect):
    """A stream that stays open is accepted when it has told something before its time is over."""
    told = "reply" in expect or "any_reply" in expect
    return expect.get("status", "OK") == "OK" or (expect["status"] == "DEADLINE_EXCEEDED" and told)


def _of_one_file(messages):
    """The case sends its content in several parts, and says how long it is; a file of the reader's is one part."""
    parts = [message for at, message in enumerate(messages) if message not in messages[:at]]
    return [
        {key: "$(wc -c <${FILE})" if key == "total_size" else value for key, value in message.items()}
        for message in parts
    ]


def _spoken(role):
    return role.replace("_", " ")
