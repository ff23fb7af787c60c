#!/usr/bin/env bash
# Whether what is in deploy/ can be trusted: the chart in every shape, alarms, dashboards, runbooks. `make deploy-check`.
# Needs no cluster and no root; deploy/check/tools.sh fetches what is missing into .tools.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=deploy/check/tools.sh
source deploy/check/tools.sh

chart=deploy/helm/trellis
rendered=.tools/deploy/rendered
examples=.tools/deploy/examples
rm -rf "$rendered" "$examples"
mkdir -p "$rendered" "$examples"

say() { printf '== %s\n' "$*"; }

say "helm $("$HELM" version --short): lint and render"
for values in "$chart"/ci/*.yaml deploy/helm/examples/*/values.yaml; do
  name=$(basename "$values" .yaml)
  [ "$name" = values ] && name="example-$(basename "$(dirname "$values")")"
  if ! said=$("$HELM" lint --strict --quiet "$chart" -f "$values" 2>&1); then
    printf '%s\n' "$said"
    exit 1
  fi
  "$HELM" template trellis "$chart" -n district -f "$values" >"$rendered/$name.yaml"
  echo "  $name"
done
# Names must still be short enough, and nobody's by accident.
"$HELM" template the-release-of-a-district-that-likes-long-names "$chart" -n district \
  -f "$chart/ci/production-full.yaml" >"$rendered/long-names.yaml"
echo "  long-names"

for example in deploy/helm/examples/*/*.yaml; do
  case $example in
    *values.yaml) ;;
    *) cp "$example" "$examples" ;;
  esac
done

failed=0
step() {
  say "$1"
  shift
  "$@" || failed=1
}
step "the chart and what it stands for" "$PYTHON" deploy/check/chart.py "$HELM"
step "values, each changed" "$PYTHON" deploy/check/values.py "$HELM"
step "objects, by Kubernetes' schemas" "$PYTHON" deploy/check/objects.py "$rendered" "$SCHEMAS"
step "objects of the examples" "$PYTHON" deploy/check/objects.py "$examples" "$SCHEMAS"
step "custom objects, by their owners' types" custom_objects "$rendered"
step "policies" "$PYTHON" deploy/check/policy.py "$rendered" "$examples" "$PROGRAM"
step "the broker's example" "$PYTHON" deploy/check/broker.py
step "alarms, dashboards, runbooks" "$PYTHON" deploy/check/queries.py
step "rules" "$PROMTOOL" check rules deploy/observability/alerts.yaml
step "rules in cases" "$PROMTOOL" test rules deploy/observability/alerts_test.yaml
step "cases that notice" "$PYTHON" deploy/check/waits.py "$PROMTOOL"

if [ "$failed" != 0 ]; then
  say "something is wrong: see above"
  exit 1
fi
say "all is well"
