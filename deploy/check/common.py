"""What the checks share: the documents, what was rendered, and how they say that something is wrong."""

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/trellis"


class Problems:
    """Everything that is wrong, told at the end."""

    def __init__(self):
        self.found = []

    def __call__(self, where, words):
        self.found.append(f"{where}: {words}")

    def end(self, praise):
        for problem in self.found:
            print(f"  WRONG {problem}")
        if not self.found:
            print(f"  {praise}")
        sys.exit(1 if self.found else 0)


def sets(directory):
    """The objects of each set of values, by its name."""
    for path in sorted(Path(directory).glob("*.yaml")):
        yield path.stem, [found for found in yaml.safe_load_all(path.read_text()) if found]


def title(thing):
    return f"{thing['kind']}/{thing['metadata']['name']}"


def table(path, first):
    """The rows of the one table of a document whose header begins with `first`."""
    rows, inside = [], False
    for line in path.read_text().splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells[0] == first:
            inside = True
        elif inside and not set(cells[0]) <= set("-: "):
            rows.append(cells)
    if not rows:
        sys.exit(f"{path} has no table that begins with {first}")
    return rows


def settings():
    """The keys of docs/configuration.md."""
    return [row[0].strip("`") for row in table(ROOT / "docs/configuration.md", "key")]


def services():
    return yaml.safe_load((CHART / "files/services.yaml").read_text())


def leaves(values, path=""):
    """Each value of the chart that can be set by itself, with its default."""
    for key, value in values.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict) and value and path != "services":
            yield from leaves(value, here)
        else:
            yield here, value
