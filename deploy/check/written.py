"""The configurations that the chart writes: keys that are there, and read by the program where there is one."""

import os
import subprocess
import tempfile
from pathlib import Path

from common import settings
from release import container, pod

# What Secrets would hold.
PLACEHOLDER = "postgres://trellis:placeholder@db/trellis"
PLACEHOLDERS = {"TRELLIS_NATS_URL": "tls://a.nats:4222,tls://b.nats:4222"}
KEYS = set(settings())
KNOWN = {f"TRELLIS_{key.upper()}" for key in KEYS} | {"TRELLIS_CONFIG"}


def configurations(release, program):
    for workload in release.workloads():
        for variable in container(workload).get("env", []):
            if variable["name"].startswith("TRELLIS_") and variable["name"] not in KNOWN:
                release.wrong(workload, f"{variable['name']} is none of docs/configuration.md")
        config = release.config(workload) if workload["kind"] != "Job" else None
        for key in set(config or {}) - KEYS - {"issuers"}:
            release.wrong(workload, f"its configuration's {key} is none of docs/configuration.md")
        if config is not None:
            files(release, workload, config)
        if config is not None and os.access(program, os.X_OK):
            read(release, workload, program)


def files(release, workload, config):
    """What the configuration calls a file is mounted."""
    mounts = [mount["mountPath"] for mount in container(workload)["volumeMounts"]]
    named = {key: value for key, value in config.items() if isinstance(value, str) and value.startswith("/")}
    named |= {"jwks": issuer["jwks"] for issuer in config.get("issuers", []) if issuer.get("jwks", "").startswith("/")}
    for key, value in named.items():
        if not any(value == mount or value.startswith(f"{mount}/") for mount in mounts):
            release.wrong(workload, f"{key}: nothing is mounted at {value}")


def read(release, workload, program):
    """As the pod would read it."""
    volume = next(volume for volume in pod(workload)["volumes"] if volume["name"] == "config")
    text = release.named("ConfigMap", volume["configMap"]["name"])["data"]["trellis.toml"]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "trellis.toml"
        path.write_text(text)
        secret = {name: PLACEHOLDERS.get(name, PLACEHOLDER) for name in (of["name"] for of in container(workload)["env"])}
        env = {of["name"]: of.get("value", secret[of["name"]]) for of in container(workload)["env"]}
        env["TRELLIS_CONFIG"] = str(path)
        said = subprocess.run([program, "config", "check"], env=env, capture_output=True, text=True, check=False)
    if said.returncode != 0:
        release.wrong(workload, f"the program refuses its configuration: {(said.stderr or said.stdout).strip()[-400:]}")
