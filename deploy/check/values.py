"""No value is dead: each, changed, changes something that is rendered. HELM"""

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import yaml

from common import CHART, Problems, leaves

problems = Problems()
helm = sys.argv[1]

# The sets in which a change may show, the one with the most in it first.
BASES = ["production-full", "ingress-given-secrets", "production-minimal", "single-kept", "single-trial"]

PEER = [{"podSelector": {"matchLabels": {"another": "peer"}}}]

# Where what is there cannot simply be lengthened, by the end of its name.
ANOTHER = {
    "image.tag": "another", "image.digest": f"sha256:{'1' * 64}", "image.pullPolicy": "Always",
    "imagePullSecrets": [{"name": "another"}], "cpu": "3", "memory": "3Gi", "minReplicas": 5, "targetCpuPercent": 71,
    "spread.zone": "none", "spread.host": "none", "workload.settings": {"caller_rate": 7},
    "tolerations": [{"key": "another", "operator": "Exists"}], "affinity": {"podAffinity": {}},
    "extraEnv": [{"name": "ANOTHER", "value": "1"}], "extraVolumes": [{"name": "another", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "another", "mountPath": "/another"}],
    "log_format": "text", "issuers": [{"url": "https://another.example.org"}],
    "persistence.size": "3Gi", "tls.mode": "server", "duration": "100h", "renewBefore": "10h",
    "parentRefs": [{"name": "another"}], "grpcHostnames": ["another.example.org"],
    "httpHostnames": ["another.example.org"],
    "clients": PEER, "monitoring": PEER, "dns": PEER, "to": PEER, "interval": "31s", "listenAddress": "[::]",
    "services.outcome": {"replicas": 7, "autoscaling": {"enabled": False}},
}
# What a change needs beside it to be let in.
BESIDE = {
    "mode": {"database": {"existingSecret": ""}},
    "demo": {"issuers": [{"url": "https://id.example.org"}]},
}
ANOTHER |= {f"services.{name}": ANOTHER["services.outcome"] for name in ("profile", "experience", "scheduling")}


def another(name, default):
    if name == "mode":
        return "single"
    for end, value in ANOTHER.items():
        if name == end or name.endswith(f".{end}"):
            return value
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        return default + 1
    return {"another": "value"} if isinstance(default, dict) else f"{default}another"


def opposite(values, name, changed):
    """A switch shows where it is not already as the change would have it."""
    for part in name.split("."):
        values = values.get(part, {}) if isinstance(values, dict) else {}
    return not changed if values == changed and isinstance(changed, bool) else changed


def render(base, changed=None):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(changed or {}, file)
        file.flush()
        done = subprocess.run([helm, "template", "trellis", str(CHART), "-f", str(CHART / f"ci/{base}.yaml"), "-f", file.name],
                              capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def nested(name, value):
    for part in reversed(name.split(".")):
        value = {part: value}
    return value


def shows(leaf):
    name, default = leaf
    for base in BASES:
        own = yaml.safe_load((CHART / f"ci/{base}.yaml").read_text())
        change = {**nested(name, opposite(own, name, another(name, default))), **BESIDE.get(name, {})}
        now = render(base, change)
        if now is not None and now != rendered[base]:
            return None
    return name


with ThreadPoolExecutor(4) as pool:
    rendered = dict(zip(BASES, pool.map(render, BASES)))
    values = list(leaves(yaml.safe_load((CHART / "values.yaml").read_text())))
    for dead in filter(None, pool.map(shows, values)):
        problems("values.yaml", f"{dead} changes nothing")
problems.end(f"each of {len(values)} values changes what is rendered")
