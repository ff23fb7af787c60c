"""What was rendered of one set of values, and the ways to look into it."""

import tomllib

from common import title

WORKLOADS = ("Deployment", "StatefulSet", "Job")


class Release:
    """The objects of one release."""

    def __init__(self, name, things, problems):
        self.name, self.things, self.told = name, things, problems

    def wrong(self, thing, words):
        self.told(f"{self.name}, {title(thing)}", words)

    def of(self, *kinds):
        return [thing for thing in self.things if thing["kind"] in kinds]

    def named(self, kind, name):
        return next((thing for thing in self.of(kind) if thing["metadata"]["name"] == name), None)

    def workloads(self):
        return self.of(*WORKLOADS)

    def serving(self):
        return self.of("Deployment", "StatefulSet")

    def selected(self, labels):
        """The workloads whose pods have these labels."""
        return [workload for workload in self.workloads() if labels.items() <= labels_of(workload).items()]

    def config(self, workload):
        """What its configuration file says; none for a job."""
        for volume in pod(workload)["volumes"]:
            if volume["name"] == "config":
                found = self.named("ConfigMap", volume["configMap"]["name"])
                return tomllib.loads(found["data"]["trellis.toml"]) if found else None
        return None


def pod(workload):
    return workload["spec"]["template"]["spec"]


def container(workload):
    return pod(workload)["containers"][0]


def labels_of(workload):
    return workload["spec"]["template"]["metadata"]["labels"]


def component(workload):
    return labels_of(workload)["app.kubernetes.io/component"]
