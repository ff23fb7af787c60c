"""Every object against Kubernetes' own schemas, strictly: a field that is not known is refused. RENDERED SCHEMAS"""

import json
import re
import sys
from pathlib import Path

import jsonschema
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from common import CHART, Problems, sets, title

problems = Problems()
rendered, schemas = sys.argv[1], Path(sys.argv[2])
own = json.loads((Path(__file__).parent / "custom.schema.json").read_text())


def versions():
    """The three newest minors, and the oldest that the chart takes."""
    names = (re.fullmatch(r"v(\d+)\.(\d+)\.0-local-strict", path.name) for path in schemas.iterdir())
    known = sorted(tuple(map(int, name.groups())) for name in names if name)
    oldest = re.search(r">=(\d+)\.(\d+)", yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"])
    oldest = tuple(map(int, oldest.groups()))
    if oldest not in known:
        problems("Chart.yaml", f"kubeVersion begins at {oldest}, of which there is no schema")
    return sorted({*known[-3:], oldest} & set(known))


class Schemas:
    """The schemas of one version of Kubernetes."""

    def __init__(self, version):
        self.folder = schemas / f"v{version[0]}.{version[1]}.0-local-strict"
        contents = json.loads((self.folder / "_definitions.json").read_text())
        resource = Resource.from_contents(contents, default_specification=DRAFT202012)
        self.registry = Registry().with_resource("_definitions.json", resource)
        if resource.id():
            self.registry = self.registry.with_resource(resource.id(), resource)
        self.validators = {}

    def of(self, thing):
        group, _, version = thing["apiVersion"].rpartition("/")
        name = "-".join(filter(None, [thing["kind"].lower(), group.split(".")[0], version]))
        if name not in self.validators:
            path = self.folder / f"{name}.json"
            schema = json.loads(path.read_text()) if path.exists() else None
            self.validators[name] = schema and jsonschema.Draft202012Validator(schema, registry=self.registry)
        return self.validators[name]


def place(error):
    return ".".join(map(str, error.absolute_path)) or "the whole"


count, custom = 0, set()
for version in versions():
    known = Schemas(version)
    for name, things in sets(rendered):
        for thing in things:
            at = f"{name}, Kubernetes {version[0]}.{version[1]}, {title(thing)}"
            key = f"{thing['apiVersion']}/{thing['kind']}"
            validator = known.of(thing)
            if key in own:
                custom.add(thing["kind"])
                validator = jsonschema.Draft202012Validator({"$defs": own["$defs"], **own[key]})
            if validator is None:
                problems(at, f"there is no schema of {key}: name it in deploy/check/custom.schema.json")
                continue
            count += 1
            for error in validator.iter_errors(thing):
                problems(at, f"{place(error)}: {error.message[:300]}")

shown = ", ".join(f"{major}.{minor}" for major, minor in versions())
problems.end(f"{count} objects in Kubernetes {shown}; by a small schema of our own: {', '.join(sorted(custom))}")
