"""Network policies: all is denied but what the program does."""

from common import services
from release import component, container, labels_of


def networks(release):
    policies = release.of("NetworkPolicy")
    if not policies:
        release.told(release.name, "has no network policies")
        return
    for policy in policies:
        if policy["spec"].get("policyTypes") != ["Ingress", "Egress"]:
            release.wrong(policy, "does not decide on both directions")
    deny = [policy for policy in policies if not policy["spec"].get("ingress") and not policy["spec"].get("egress")]
    for workload in release.workloads():
        if not any(covers(policy, workload) for policy in deny):
            release.wrong(workload, "is not covered by a default denial")
        if not any(opens(policy, "egress", workload, 53) for policy in policies):
            release.wrong(workload, "cannot resolve a name")
        there = set().union(*(elsewhere(policy, workload) for policy in policies))
        wanted = needs(release, workload)
        if len(there) != len(wanted):
            release.wrong(workload, f"reaches {sorted(there)} outside, and needs {wanted}")
    calls(release, policies)
    openings(release, policies)


def covers(policy, workload):
    return policy["spec"]["podSelector"].get("matchLabels", {}).items() <= labels_of(workload).items()


def opens(policy, way, workload, port):
    return covers(policy, workload) and any(
        port in [own["port"] for own in rule.get("ports", [])] for rule in policy["spec"].get(way, []))


def needs(release, workload):
    """What it must reach besides names, peers and what is on the public network; each has a port of its own."""
    variables = {variable["name"] for variable in container(workload).get("env", [])}
    wanted = [name for name in ("TRELLIS_DATABASE_URL", "TRELLIS_NATS_URL") if name in variables]
    return wanted + [key for key in ("otlp_endpoint",) if key in (release.config(workload) or {})]


def elsewhere(policy, workload):
    """The ports besides those."""
    if not covers(policy, workload):
        return set()
    return {port["port"] for rule in policy["spec"].get("egress", []) for port in rule["ports"]} - {53, 443, 50051}


def joined(policies, from_, to):
    """Whether both ends allow calls from one workload to another."""
    def allowed(way, side, here, there):
        return any(
            covers(policy, here)
            and any(50051 in [port["port"] for port in rule["ports"]]
                    and any(set(peer) == {"podSelector"} and peer["podSelector"].get("matchLabels", {}).items() <= labels_of(there).items()
                            for peer in rule.get(side, []))
                    for rule in policy["spec"].get(way, []))
            for policy in policies)
    return allowed("egress", "to", from_, to), allowed("ingress", "from", to, from_)


def calls(release, policies):
    declared = services()
    for caller in release.workloads():
        for called in release.serving():
            names = component(caller), component(called)
            wanted = names[0] in declared.get(names[1], {}).get("calledBy", [])
            if joined(policies, caller, called) != (wanted, wanted):
                release.wrong(caller, f"its calls to {names[1]} should be {'allowed' if wanted else 'denied'} at both ends")


def openings(release, policies):
    """No rule is open to everybody, or to every port."""
    for policy in policies:
        for way, side in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(way) or []:
                if not rule.get("ports") or not rule.get(side):
                    release.wrong(policy, f"{way}: a rule without ports or peers allows everything")
                for peer in rule.get(side) or []:
                    if peer == {"podSelector": {}} or peer.get("namespaceSelector") == {}:
                        release.wrong(policy, f"{way}: a peer that is everybody")
                    if way == "ingress" and "ipBlock" in peer:
                        release.wrong(policy, "ingress: pods are called by pods")
