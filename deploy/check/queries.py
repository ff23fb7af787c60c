"""Alarms, dashboards and runbooks: each query asks for metrics and labels that the program tells, each alarm has its page."""

import json
import re

import promql_parser
import yaml

from common import ROOT, Problems, settings, table

problems = Problems()

# What Prometheus adds to each series; a namespace and a pod where it finds them in Kubernetes.
TARGET = {"job", "instance", "namespace", "pod"}
CODES = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
         "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
         "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"}


def known():
    """The labels of each series, by its name, from docs/metrics.md."""
    series = {"up": TARGET}
    for name, kind, labels, _ in table(ROOT / "docs/metrics.md", "metric"):
        name, labels = name.strip("`"), set(re.findall(r"`(\w+)`", labels)) | TARGET
        if kind == "histogram":
            series |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
        else:
            series[name] = labels
    return series


SERIES = known()


def check(at, expression):
    """Reads a query; returns the labels that what comes out of it can have."""
    try:
        tree = promql_parser.parse(expression)
    except ValueError as refused:
        problems(at, f"{expression}: {refused}")
        return set()
    return labels(at, tree)


def labels(at, node):
    """The labels of what a part of a query yields."""
    kind = type(node).__name__
    if kind == "VectorSelector":
        return selected(at, node)
    if kind == "MatrixSelector":
        return selected(at, node.vector_selector)
    if kind in ("NumberLiteral", "StringLiteral"):
        return set()
    if kind == "BinaryExpr":
        sides = labels(at, node.lhs), labels(at, node.rhs)
        if node.modifier and node.modifier.matching:
            named(at, node.modifier.matching.labels, sides[0] & sides[1])
        return sides[0] | sides[1]
    if kind == "Call":
        there = set().union(*(labels(at, part) for part in node.args))
        return there | relabelled(node)
    there = labels(at, node.expr)
    if kind != "AggregateExpr":
        return there
    grouped = set(node.modifier.labels) if node.modifier else set()
    named(at, grouped, there)
    # These choose series, and leave them as they are.
    if str(node.op) in ("topk", "bottomk"):
        return there
    without = node.modifier and str(node.modifier.type).endswith("Without")
    return there - grouped if without else grouped


def selected(at, selector):
    there = SERIES.get(selector.name)
    if there is None:
        problems(at, f"docs/metrics.md has no {selector.name}")
        return set()
    matchers = selector.matchers.matchers
    named(at, {matcher.name for matcher in matchers}, there)
    for matcher in matchers:
        if matcher.name == "rpc_response_status_code":
            for code in set(matcher.value.split("|")) - CODES:
                problems(at, f"no call is answered {code}")
    return there


def relabelled(call):
    return {call.args[1].val} if call.func.name == "label_replace" else set()


def named(at, wanted, there):
    for label in sorted(set(wanted) - there):
        problems(at, f"what it looks at has no label {label}, it has {', '.join(sorted(there))}")


def alarms():
    rules = [rule for group in yaml.safe_load((ROOT / "deploy/observability/alerts.yaml").read_text())["groups"]
             for rule in group["rules"]]
    tests = yaml.safe_load((ROOT / "deploy/observability/alerts_test.yaml").read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    operations = (ROOT / "docs/operations.md").read_text()
    for rule in rules:
        name, notes = rule["alert"], rule["annotations"]
        there = check(name, rule["expr"])
        if rule["labels"].get("severity") not in ("warning", "critical"):
            problems(name, "severity is warning or critical")
        for key in ("summary", "description", "runbook_url"):
            if not notes.get(key):
                problems(name, f"has no {key}")
        named(name, re.findall(r"\$labels\.(\w+)", notes["description"]), there)
        if not notes["runbook_url"].endswith(f"/docs/runbooks/{name}.md"):
            problems(name, f"its page is not {notes['runbook_url']}")
        if f"(runbooks/{name}.md)" not in operations:
            problems(name, "docs/operations.md does not lead to its page")
        if not any(case["alertname"] == name and case.get("exp_alerts") for case in cases):
            problems(name, "deploy/observability/alerts_test.yaml never lets it come")
    names = {rule["alert"] for rule in rules}
    for case in cases:
        if case["alertname"] not in names:
            problems("alerts_test.yaml", f"there is no {case['alertname']}")
    return names


def runbooks(names):
    index = (ROOT / "docs/runbooks/README.md").read_text()
    pages = {path.stem: path.read_text() for path in (ROOT / "docs/runbooks").glob("Trellis*.md")}
    for name in sorted(names ^ pages.keys()):
        problems(f"docs/runbooks/{name}.md", "there is a page and no alarm, or an alarm and no page")
    for name, text in pages.items():
        if f"({name}.md)" not in index:
            problems("docs/runbooks/README.md", f"does not list {name}")
        if not text.startswith(f"# {name}\n"):
            problems(name, "its page begins with another name")
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        if headings != ["Means", "Look", "Do"]:
            problems(name, f"its page says {headings}, not what it means, where to look, what to do")
        for metric in re.findall(r"`((?:trellis|db|rpc|process)_\w+)`", text):
            if metric not in SERIES and f"{metric}_count" not in SERIES and metric not in settings():
                problems(name, f"docs/metrics.md has no {metric}")


def dashboards():
    uids = []
    for path in sorted((ROOT / "deploy/observability/dashboards").glob("*.json")):
        board = json.loads(path.read_text())
        uids.append(board["uid"])
        if board.get("id") is not None or board["schemaVersion"] < 39 or not board["title"]:
            problems(path.name, "id must be null, schemaVersion 39 or later, and a title there")
        variables = {variable["name"] for variable in board["templating"]["list"]}
        for variable in board["templating"]["list"]:
            variable_is_known(path.name, variable, variables)
        grid(path.name, board["panels"])
        for panel in board["panels"]:
            if panel["type"] != "row":
                panel_asks(f"{path.name}, {panel['title']}", panel, variables)
    if len(uids) != len(set(uids)):
        problems("dashboards", "two have one uid")
    return len(uids)


def variable_is_known(at, variable, variables):
    if variable["type"] != "query":
        return
    asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
    there = check(f"{at}, ${variable['name']}", filled(at, asked[1], variables))
    named(f"{at}, ${variable['name']}", {asked[2]}, there)


def panel_asks(at, panel, variables):
    if panel["datasource"]["uid"] != "${datasource}":
        problems(at, "asks a data source of its own")
    for target in panel["targets"]:
        if target["datasource"]["uid"] != "${datasource}":
            problems(at, "asks a data source of its own")
        there = check(at, filled(at, target["expr"], variables))
        named(f"{at}, legend", re.findall(r"{{\s*(\w+)\s*}}", target["legendFormat"]), there)
        if "$job" not in target["expr"]:
            problems(at, "looks at the series of other programs too")


def filled(at, expression, variables):
    """The query as Grafana would ask it."""
    expression = re.sub(r"\$__(rate_interval|range|interval)", "5m", expression)
    for used in re.findall(r"\$(\w+)", re.sub(r'"\$1"', '""', expression)):
        if used not in variables:
            problems(at, f"there is no variable ${used}")
    return re.sub(r"\$(?!1\b)\w+", "x", expression)


def grid(at, panels):
    ids = [panel["id"] for panel in panels]
    if len(ids) != len(set(ids)):
        problems(at, "two panels have one id")
    taken = {}
    for panel in panels:
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            problems(at, f"{panel['title']} is wider than the board")
        for cell in [(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])]:
            if cell in taken:
                problems(at, f"{panel['title']} lies over {taken[cell]}")
                break
            taken[cell] = panel["title"]


names = alarms()
runbooks(names)
boards = dashboards()
problems.end(f"{len(names)} alarms, each with its page and its case; {boards} dashboards; {len(SERIES)} series are known")
