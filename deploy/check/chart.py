"""The chart beside what it stands for: the program's version, contracts, calls, settings, and its own README. HELM"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

from common import CHART, ROOT, Problems, leaves, services, settings, table

problems = Problems()
helm = sys.argv[1]

# Where each service's code is.
ROOMS = {"outcome": "outcome", "profile": "learner-profile", "experience": "experience", "scheduling": "scheduling"}

# Answered by every process, and no contract of ours.
FOREIGN = {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}

# Decided by the chart, each by a value of its own or by the shape of what it renders.
DECIDED = {
    "services", "listen", "admin_listen", "data_dir", "keys_dir", "database_url", "database_replica_url",
    "database_pooler", "nats_url", "nats_replicas", "nats_tls_ca", "nats_tls_certificate", "nats_tls_key",
    "outcome_url", "profile_url", "experience_url", "scheduling_url", "plaintext", "dev", "demo",
    "issuer_url", "issuer_jwks", "issuer_audience", "issuer_districts", "case_source_tokens",
    "tls_certificate", "tls_key", "tls_client_ca", "tls_client_optional",
    "peer_tls_ca", "peer_tls_certificate", "peer_tls_key",
}


def version():
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    if chart != cargo:
        problems("Chart.yaml", f"appVersion is {chart}, and the program is {cargo}")


def contracts():
    """Every service of the contracts has a route to whoever answers it; what is internal has none."""
    there = {}
    for path in (ROOT / "proto/trellis").rglob("*.proto"):
        text = path.read_text()
        package = re.search(r"^package ([\w.]+);", text, re.MULTILINE)
        for service in re.findall(r"^service (\w+)", text, re.MULTILINE):
            owner = package[1].split(".")[1]
            there[f"{package[1]}.{service}"] = "profile" if owner == "common" else owner
    there = {name: owner for name, owner in there.items() if owner != "internal"} | dict.fromkeys(FOREIGN, "profile")
    routed = {name: owner for owner, answers in services().items() for name in answers["grpc"]}
    for name in sorted(there.items() ^ routed.items()):
        problems("files/services.yaml", f"{name[0]}: the contracts say {there.get(name[0])}, the routes {routed.get(name[0])}")


def pages():
    """What services answer over plain HTTP."""
    for service, answers in services().items():
        found = set()
        for path in (ROOT / "services" / ROOMS[service] / "src/http").rglob("*.rs"):
            found |= {f"/{first}" for first in re.findall(r'\.route\(\s*"/(\w+)', path.read_text())}
        if found != set(answers["http"]):
            problems("files/services.yaml", f"{service} answers {sorted(found)}, the routes have {answers['http']}")


def calls():
    """Who calls whom, read from what each service takes of its peers. Every guard asks profile, which leads all through a
    reset of a sandbox."""
    callers = {service: {"profile"} - {service} for service in ROOMS}
    for service, room in ROOMS.items():
        code = "\n".join(path.read_text() for path in (ROOT / "services" / room / "src").rglob("*.rs"))
        for called in set(re.findall(r"\bpeers\.(outcome|profile|experience|scheduling)\b", code)) | {"profile"}:
            if called != service:
                callers[called].add(service)
    for service, answers in services().items():
        if set(answers["calledBy"]) != callers[service]:
            problems("files/services.yaml", f"{service} is called by {sorted(callers[service])}, not by {answers['calledBy']}")


def keys():
    """Whatever can be set can be set here, and nothing else."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    offered = set(schema["$defs"]["settings"]["properties"])
    for key in sorted(set(settings()) ^ (offered | DECIDED)):
        problems("values.schema.json", f"settings and docs/configuration.md differ: {key}")
    if both := offered & DECIDED:
        problems("values.schema.json", f"the chart decides {sorted(both)} itself")


def documented():
    """The README's table has every value, with its default."""
    values = dict(leaves(yaml.safe_load((CHART / "values.yaml").read_text())))
    rows = {row[0].strip("`"): row[1].strip("`") for row in table(CHART / "README.md", "value")}
    for name in sorted(values.keys() ^ rows.keys()):
        problems("README.md", f"{name} is in {'values.yaml' if name in values else 'the table'} alone")
    for name in values.keys() & rows.keys():
        shown = rows[name]
        default = values[name]
        if isinstance(default, list) and default and shown.startswith("see"):
            continue
        if shown != (default if isinstance(default, str) and default else json.dumps(default)):
            problems("README.md", f"{name} is {json.dumps(default)}, the table says {shown}")


def refusals():
    """What must not be installed is refused, with the words that the file expects."""
    for path in sorted((ROOT / "deploy/check/refused").glob("*.yaml")):
        expected = re.match(r"# (\S+): (.+)\n", path.read_text())
        base = CHART / "ci" / f"{expected[1]}.yaml"
        done = subprocess.run([helm, "template", "trellis", str(CHART), "-f", str(base), "-f", str(path)],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            problems(path.name, "is not refused")
        elif expected[2] not in done.stderr:
            problems(path.name, f"is refused by other words: {done.stderr.strip()[-300:]}")


for check in (version, contracts, pages, calls, keys, documented, refusals):
    check()
problems.end(f"version, routes, callers, settings, README and {len(list(Path('deploy/check/refused').glob('*.yaml')))} refusals")
