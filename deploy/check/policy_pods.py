"""Pods: what Pod Security calls restricted, and what an operator relies on."""

import re

from release import container, pod

HIDDEN = re.compile(r"PASSWORD|SECRET|TOKEN$|DATABASE.*URL|NATS_URL|PRIVATE", re.IGNORECASE)
WITH_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


def pods(release):
    if release.of("Secret"):
        release.wrong(release.of("Secret")[0], "a secret's value is never part of a release")
    for thing in release.things:
        if WITH_PASSWORD.search(str(thing)):
            release.wrong(thing, "holds a URL with a password")
    for workload in release.workloads():
        say = lambda words, workload=workload: release.wrong(workload, words)
        restricted(workload, say)
        image(container(workload)["image"], say)
        variables(container(workload).get("env", []), say)
        volumes(workload, say)
        for bound in ("requests", "limits"):
            given = container(workload)["resources"].get(bound, {})
            if not given.get("cpu") or not given.get("memory"):
                say(f"resources.{bound} does not bound processor and memory")
    for workload in release.serving():
        probes(release, workload)
        ending(release, workload)
        if not workload["spec"]["template"]["metadata"]["annotations"].get("checksum/config"):
            release.wrong(workload, "a changed configuration does not replace its pods")


def restricted(workload, say):
    spec, only = pod(workload), container(workload)
    outer, inner = spec.get("securityContext", {}), only.get("securityContext", {})
    wanted = {
        "runAsNonRoot": outer.get("runAsNonRoot") is True and inner.get("runAsNonRoot") is True,
        "a user of its own": outer.get("runAsUser", 0) > 0 and "runAsUser" not in inner,
        "seccomp RuntimeDefault": outer.get("seccompProfile") == {"type": "RuntimeDefault"},
        "no more privileges": inner.get("allowPrivilegeEscalation") is False and not inner.get("privileged"),
        "no capabilities": inner.get("capabilities") == {"drop": ["ALL"]},
        "a root file system that is read-only": inner.get("readOnlyRootFilesystem") is True,
        "no service account token": spec.get("automountServiceAccountToken") is False,
        "no links of services as variables": spec.get("enableServiceLinks") is False,
        "nothing of the node": not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")),
        "one container": len(spec["containers"]) == 1 and not spec.get("initContainers"),
        "no port of the node": not any("hostPort" in port for port in only.get("ports", [])),
        "volumes that restricted allows": all(
            set(volume) - {"name"} <= {"configMap", "secret", "emptyDir", "persistentVolumeClaim", "projected", "csi",
                                       "downwardAPI", "ephemeral"}
            for volume in spec.get("volumes", [])),
    }
    for words, holds in wanted.items():
        if not holds:
            say(f"lacks: {words}")


def image(reference, say):
    tag = reference.rpartition("/")[2].partition(":")[2]
    if "@sha256:" not in reference and (not tag or tag == "latest"):
        say(f"the image {reference} may be another tomorrow")


def variables(env, say):
    names = [variable["name"] for variable in env]
    for name in {name for name in names if names.count(name) > 1}:
        say(f"{name} is set twice")
    for variable in env:
        if HIDDEN.search(variable["name"]) and "secretKeyRef" not in variable.get("valueFrom", {}):
            say(f"{variable['name']} is not taken from a Secret")


def volumes(workload, say):
    there = {volume["name"] for volume in pod(workload).get("volumes", [])}
    there |= {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
    mounted = {mount["name"] for mount in container(workload).get("volumeMounts", [])}
    if there != mounted:
        say(f"volumes and mounts differ: {sorted(there ^ mounted)}")
    if "/tmp" not in [mount["mountPath"] for mount in container(workload)["volumeMounts"]]:
        say("there is no room for temporary files")
    for volume in pod(workload).get("volumes", []):
        if volume.get("secret", {}).get("defaultMode", 0o440) & 0o007:
            say(f"the secret {volume['name']} can be read by everybody in the pod")


def probes(release, workload):
    only, config = container(workload), release.config(workload)
    ports = {port["name"]: port["containerPort"] for port in only["ports"]}
    for name in ("startupProbe", "livenessProbe"):
        asked = only.get(name, {}).get("httpGet", {})
        if asked.get("path") != "/livez" or asked.get("port") != "admin":
            release.wrong(workload, f"{name} must ask /livez of admin: gRPC health fails while a database is away")
    ready = only.get("readinessProbe", {})
    if "tls_certificate" in config:
        good = ready.get("httpGet", {}).get("path") == "/readyz" and ready["httpGet"]["port"] == "admin"
    else:
        good = ready.get("grpc", {}).get("port") == ports["grpc"]
    if not good:
        release.wrong(workload, "readinessProbe must be gRPC, or with TLS /readyz of admin")
    for key, port in (("listen", ports["grpc"]), ("admin_listen", ports["admin"])):
        if not config.get(key, "").endswith(f":{port}"):
            release.wrong(workload, f"{key} is {config.get(key)}, and the container's port {port}")


def ending(release, workload):
    config = release.config(workload)
    needed = config.get("lame_duck", 0) + config.get("drain", 20)
    if pod(workload)["terminationGracePeriodSeconds"] < needed + 10:
        release.wrong(workload, f"is killed before lame_duck and drain ({needed} s) have passed and its store is closed")
