"""What every set of values must hold, whatever Kubernetes would take: RENDERED EXAMPLES PROGRAM."""

import os
import sys

from common import Problems, sets
from policy_links import links
from policy_networks import networks
from policy_pods import pods
from release import Release
from written import configurations

problems = Problems()
rendered, examples, program = sys.argv[1:]
names = []
for name, things in sets(rendered):
    release = Release(name, things, problems)
    pods(release)
    links(release)
    networks(release)
    configurations(release, program)
    names.append(name)
for name, things in sets(examples):
    release = Release(name, things, problems)
    pods(release)
    configurations(release, program)

if not os.access(program, os.X_OK):
    print(f"  NOT CHECKED: the program did not read the configurations, because there is none at {program}.")
    print("  Build it, or name one: TRELLIS=path make deploy-check")
problems.end(f"{len(names)} sets of values, and the examples")
