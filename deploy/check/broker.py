"""The broker's example: NATS' own chart is not at hand, so what its values share with ours is compared."""

import re

import yaml

from common import ROOT, Problems

problems = Problems()
example = ROOT / "deploy/helm/examples/nats"
nats = yaml.safe_load((example / "nats-values.yaml").read_text())
ours = yaml.safe_load((example / "values.yaml").read_text())
certificates = {found["spec"]["secretName"]: found["spec"] for found in yaml.safe_load_all((example / "certificates.yaml").read_text())
                if found["kind"] == "Certificate"}
config = nats["config"]


def rights():
    """The user may do what docs/operations.md says, and nothing else."""
    text = (ROOT / "docs/operations.md").read_text()
    said = re.search(r"publishes to (.+?), subscribes to (.+?), and needs no more", text)
    if not said:
        problems("docs/operations.md", "does not say what the broker's user publishes and subscribes to")
        return
    for right, subjects in zip(("publish", "subscribe"), said.groups()):
        given = config["merge"]["authorization"]["users"][0]["permissions"][right]
        if set(given) != set(re.findall(r"`(.+?)`", subjects)):
            problems("nats-values.yaml", f"its user may {right} {given}, and docs/operations.md says {subjects}")


def tls():
    """Both of its ports want a certificate, and each Secret that is named is made with the names that are wanted."""
    for port, wanted in (("nats", "verify_and_map"), ("cluster", "verify")):
        given = config[port]["tls"]
        if not given["enabled"] or given["merge"].get(wanted) is not True:
            problems("nats-values.yaml", f"{port}: {wanted} is not asked for")
    servers = {config["nats"]["tls"]["secretName"], config["cluster"]["tls"]["secretName"], nats["tlsCA"]["secretName"]}
    clients = {ours["nats"]["caSecret"], ours["nats"]["clientCertificateSecret"]}
    for secret in sorted(servers | clients):
        if secret not in certificates:
            problems("certificates.yaml", f"makes no Secret {secret}")
    if problems.found:
        return
    names = {"nats"} | {f"nats-{number}.nats-headless" for number in range(config["cluster"]["replicas"])}
    users = {user["user"] for user in config["merge"]["authorization"]["users"]}
    for secrets, wanted in ((servers, names), (clients, users)):
        for secret in secrets:
            if set(certificates[secret]["dnsNames"]) != wanted:
                problems("certificates.yaml", f"{secret} names {certificates[secret]['dnsNames']}, not {sorted(wanted)}")


def replicas():
    if ours["nats"]["replicas"] > config["cluster"]["replicas"] or not config["jetstream"]["enabled"]:
        problems("nats-values.yaml", "has fewer servers, or less, than values.yaml wants")


for check in (rights, tls, replicas):
    check()
problems.end("its user's rights, certificates and servers")
