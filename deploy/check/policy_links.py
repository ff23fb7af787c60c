"""What names something else: selectors, targets, backends, certificates."""

from common import title
from release import container, pod

EDGES = ("GRPCRoute", "HTTPRoute", "Ingress")


def links(release):
    selectors(release)
    services(release)
    scaling(release)
    backends(release)
    accounts(release)
    certificates(release)
    stores(release)


def one(release, thing, labels):
    """The only workload that these labels select."""
    found = release.selected(labels)
    if len(found) != 1:
        release.wrong(thing, f"selects {len(found)} workloads, not one")
        return None
    return found[0]


def selectors(release):
    for workload in release.serving():
        chosen = workload["spec"]["selector"]["matchLabels"]
        if one(release, workload, chosen) not in (workload, None):
            release.wrong(workload, "its selector chooses another's pods")
        for spread in pod(workload).get("topologySpreadConstraints", []):
            if spread["labelSelector"]["matchLabels"] != chosen:
                release.wrong(workload, "spreads by labels that are not its own")
        config = next(volume for volume in pod(workload)["volumes"] if volume["name"] == "config")
        if not release.named("ConfigMap", config["configMap"]["name"]):
            release.wrong(workload, "its ConfigMap is not there")


def services(release):
    for service in release.of("Service"):
        workload = one(release, service, service["spec"]["selector"])
        if workload is None:
            continue
        ports = {port["name"] for port in container(workload)["ports"]}
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in ports:
                release.wrong(service, f"port {port['targetPort']} is none of the container's")
        headless = service["spec"].get("clusterIP") == "None"
        if headless != (service["metadata"]["labels"]["trellis/role"] == "peers"):
            release.wrong(service, "a Service for peers is headless, one for the edge is not")
        if not headless and "admin" in [port["name"] for port in service["spec"]["ports"]]:
            release.wrong(service, "shows the edge what is for operators")
    for stateful in release.of("StatefulSet"):
        if not release.named("Service", stateful["spec"]["serviceName"]):
            release.wrong(stateful, "its Service is not there")


def scaling(release):
    for scaler in release.of("HorizontalPodAutoscaler"):
        target = release.named("Deployment", scaler["spec"]["scaleTargetRef"]["name"])
        if target is None:
            release.wrong(scaler, "its Deployment is not there")
        elif "replicas" in target["spec"]:
            release.wrong(target, "says how many replicas there are, which its autoscaler decides")
    for budget in release.of("PodDisruptionBudget"):
        workload = one(release, budget, budget["spec"]["selector"]["matchLabels"])
        if workload and workload["spec"].get("replicas", 2) < 2:
            release.wrong(budget, "keeps the only pod from being moved, and its node from being emptied")
    for monitor in release.of("ServiceMonitor"):
        labels = monitor["spec"]["selector"]["matchLabels"]
        port = monitor["spec"]["endpoints"][0]["port"]
        watched = [service for service in release.of("Service") if labels.items() <= service["metadata"]["labels"].items()]
        if len(watched) != len(release.serving()):
            release.wrong(monitor, f"watches {len(watched)} Services, and there are {len(release.serving())} workloads")
        if any(port not in [own["name"] for own in service["spec"]["ports"]] for service in watched):
            release.wrong(monitor, f"no port {port}")


def backends(release):
    named = set()
    for edge in release.of(*EDGES):
        for name, port in list(backends_of(edge)):
            service = release.named("Service", name)
            named.add(name)
            if service is None or port not in {value for own in service["spec"]["ports"] for value in (own["name"], own["port"])}:
                release.wrong(edge, f"there is no {name}:{port}")
    for service in release.of("Service"):
        if service["metadata"]["labels"]["trellis/role"] == "edge" and service["metadata"]["name"] not in named:
            release.wrong(service, "no route leads to it")
    names = [{name for edge in release.of(kind) for name in edge["spec"]["hostnames"]} for kind in EDGES[:2]]
    if names[0] & names[1]:
        release.told(release.name, f"{names[0] & names[1]} is for gRPC and for HTTP: a listener takes one kind")
    for policy in release.of("BackendTLSPolicy"):
        for target in policy["spec"]["targetRefs"]:
            if not release.named("Service", target["name"]):
                release.wrong(policy, f"there is no Service {target['name']}")


def backends_of(edge):
    for rule in edge["spec"]["rules"]:
        for backend in rule.get("backendRefs", []):
            yield backend["name"], backend["port"]
        for path in rule.get("http", {}).get("paths", []):
            yield path["backend"]["service"]["name"], path["backend"]["service"]["port"]["name"]


def accounts(release):
    for account in release.of("ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            release.wrong(account, "gives its token to pods")
    for workload in release.of("Job"):
        if "helm.sh/hook" in workload["metadata"].get("annotations", {}):
            name = pod(workload).get("serviceAccountName")
            if name and release.named("ServiceAccount", name):
                release.wrong(workload, "needs an account that is not there before the release")
            if any("configMap" in volume and release.named("ConfigMap", volume["configMap"]["name"])
                   for volume in pod(workload)["volumes"]):
                release.wrong(workload, "needs a ConfigMap that is not there before the release")


def certificates(release):
    """Every service is reached under a name that its certificate has."""
    made = {certificate["spec"]["secretName"]: certificate["spec"] for certificate in release.of("Certificate")}
    for workload in release.serving():
        secret = next((volume["secret"]["secretName"] for volume in pod(workload)["volumes"] if volume["name"] == "tls"), None)
        if made and secret not in made:
            release.wrong(workload, "no Certificate makes its Secret")
        elif made and not {"server auth", "client auth"} <= set(made[secret]["usages"]):
            release.wrong(workload, "its certificate is not for both sides of a connection")
        elif made and workload["metadata"]["name"] not in made[secret]["dnsNames"]:
            release.wrong(workload, "its certificate does not name it")
        if ("tls_certificate" in release.config(workload)) != bool(secret):
            release.wrong(workload, "TLS is set up without a certificate, or has one that it does not use")
        for key, url in release.config(workload).items():
            if not key.endswith("_url") or key in ("public_url", "issuer_url"):
                continue
            scheme, _, place = url.partition("://")
            host, _, port = place.partition(":")
            service = release.named("Service", host)
            if service is None or service["spec"].get("clusterIP") != "None" or port != "50051":
                release.wrong(workload, f"{key}: {url} is no headless Service of the release")
            if (scheme == "https") != bool(secret):
                release.wrong(workload, f"{key}: {url} does not fit its TLS")


def stores(release):
    """All reach the database in one way; of the broker, those that serve."""
    ways = {}
    for workload in release.workloads():
        env = {variable["name"]: variable for variable in container(workload).get("env", [])}
        way = [env.get(name) for name in ("TRELLIS_DATABASE_URL", "TRELLIS_DATABASE_POOLER", "PGSSLMODE", "PGSSLROOTCERT")]
        ways[title(workload)] = way
        if workload["kind"] == "Job" and (any("NATS" in name for name in env)
                                          or any("nats" in volume["name"] for volume in pod(workload)["volumes"])):
            release.wrong(workload, "has what is the broker's, and needs none of it")
    brokers = {str([variable for variable in container(workload)["env"] if variable["name"] == "TRELLIS_NATS_URL"])
               + str({key: value for key, value in release.config(workload).items() if key.startswith("nats_")})
               for workload in release.serving()}
    if len(brokers) != 1:
        release.told(release.name, "some of the services reach the broker in another way than others, or not at all")
    for name, way in ways.items():
        if way != next(iter(ways.values())):
            release.told(f"{release.name}, {name}", "reaches the database in another way than others")
