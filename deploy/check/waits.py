"""The cases of the alarms notice when one of them no longer waits: PROMTOOL"""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from common import ROOT, Problems

problems = Problems()
promtool = sys.argv[1]
text = (ROOT / "deploy/observability/alerts.yaml").read_text()
cases = (ROOT / "deploy/observability/alerts_test.yaml").read_text()
waiting = [rule["alert"] for group in yaml.safe_load(text)["groups"] for rule in group["rules"] if "for" in rule]


def noticed(name):
    """Whether the cases fail once this alarm comes at once."""
    changed = yaml.safe_load(text)
    for group in changed["groups"]:
        for rule in group["rules"]:
            if rule["alert"] == name:
                del rule["for"]
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "alerts.yaml").write_text(yaml.safe_dump(changed))
        (Path(directory) / "alerts_test.yaml").write_text(cases)
        done = subprocess.run([promtool, "test", "rules", "alerts_test.yaml"], cwd=directory, capture_output=True, check=False)
    return done.returncode != 0


with ThreadPoolExecutor(4) as pool:
    for name, known in zip(waiting, pool.map(noticed, waiting)):
        if not known:
            problems("alerts_test.yaml", f"has no moment in which {name} waits")
problems.end(f"{len(waiting)} alarms wait, and their cases see it")
