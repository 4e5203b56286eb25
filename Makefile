# Every command of the project. Results lie in build/, dependencies in .deps/, neither of which is committed.
SHELL := /bin/bash
PYTHON := .deps/venv/bin/python
BUILD := build/release
PREFIX ?= $(CURDIR)/build/install
# Compile jobs at once; a file that includes torch wants 1.1 GB.
JOBS ?= $(shell nproc)

# Relative paths in the compiler cache: one clone's objects serve another.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export CCACHE_MAXSIZE ?= 5G
export JOBS

.DEFAULT_GOAL := help
.PHONY: help setup build programs test unit integration sanitize fuzz clients-test fleet-test pt2-test gpu-test cluster-test engine-test demo loop bench accuracy install deb image clean

help: ## this text
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install packages, wheels, flight data and Kafka's jars; skips what is there
	@deploy/build/setup.sh

build: setup ## build everything, tests too, into build/release
	@tests/run.sh build release

programs: setup
	@tests/run.sh build release driftserve drift_program demo_replay

test: ## set up, build and run every test; prints the seconds of each stage
	@tests/run.sh test

unit: build ## the unit tests alone
	@tests/run.sh unit release

integration: build ## the tests that start the real server, Kafka and Prometheus
	@tests/run.sh integration release

sanitize: ## unit tests and the server under ASan and UBSan, the pure folders under TSan
	@tests/run.sh sanitize

fuzz: ## every reader of untrusted bytes under all of ASan and UBSan, SECONDS each (60)
	@SECONDS_EACH=$(or $(SECONDS),60) tests/run.sh fuzz

clients-test: programs ## perf_analyzer, KServe's SDK, ghz and grpcurl against the server; fetches them first
	@tests/run.sh build release make_test_repository fake_nvml
	@tests/clients/setup.sh
	@DRIFTSERVE_BUILD=$(BUILD) $(PYTHON) -m pytest -q -p no:cacheprovider --rootdir tests tests/clients

fleet-test: programs ## three replicas restarted one after another, twenty times over, under load; drift of the fleet
	@tests/run.sh build release make_test_repository
	@FLEET_ROUNDS=20 DRIFTSERVE_BUILD=$(BUILD) $(PYTHON) -m pytest -q -p no:cacheprovider --rootdir tests tests/integration/test_fleet.py

pt2-test: build ## flight_delay as an archive and as an AOTInductor package; compiles it first, with 4.7 GB of Python's torch
	@tests/pt2/setup.sh
	@DRIFTSERVE_BUILD=$(BUILD) $(PYTHON) -m pytest -q -p no:cacheprovider --rootdir tests tests/pt2

gpu-test: programs ## packs what a machine with a GPU checks and measures, in build/gpu-test; runs here what needs none
	@tests/run.sh build release gpu_check poisson_client
	@$(PYTHON) tests/gpu/pack.py --build $(BUILD) --out build/gpu-test
	@$(PYTHON) build/gpu-test/run_checks.py cpu
	@$(PYTHON) build/gpu-test/run_checks.py gpu || { code=$$?; [ $$code -eq 3 ] || exit $$code; }

engine-test: programs ## the hourly drift by Spark against `drift report`, on a real broker; fetches Spark first (434 MB)
	@tests/run.sh build release make_test_repository
	@deploy/spark/setup.sh
	@DRIFTSERVE_BUILD=$(BUILD) $(PYTHON) -m pytest -q -p no:cacheprovider --rootdir tests tests/engine

demo: setup ## replay July to December of real flights; KEEP=1 leaves everything running
	@tests/run.sh build release driftserve demo_replay
	@$(PYTHON) deploy/demo/demo.py --build $(BUILD) $(if $(KEEP),--keep)

loop: programs ## drift, Airflow, a retrained version as a canary, its promotion, and one withdrawn; fetches Airflow and torch first
	@deploy/airflow/setup.sh
	@PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=deploy/airflow .deps/airflow/bin/python -m pytest -q -p no:cacheprovider --rootdir tests tests/airflow/dag
	@$(PYTHON) deploy/airflow/loop/loop.py --build $(BUILD) $(if $(KEEP),--keep) $(if $(ONCE),--once)

bench: programs ## the figures of tests/bench/README.md; fetches what they are compared with (6 GB); ONLY=P2,P3
	@tests/run.sh build release echo_server poisson_client make_test_repository
	@tests/pt2/setup.sh || echo "bench: no packages and no peers in Python: torch could not be set up"
	@tests/bench/setup_peers.sh
	@$(PYTHON) tests/bench/run_bench.py --build $(BUILD) $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS))
	@$(if $(ONLY),true,$(PYTHON) tests/bench/run_drift_bench.py --build $(BUILD))

cluster-test: setup ## the chart at a real Kubernetes control plane, which is compiled first: some minutes and 2 GB
	@deploy/helm/cluster/setup.sh
	@$(PYTHON) -m pytest -q -p no:cacheprovider --rootdir tests tests/cluster

accuracy: setup ## the figures of drift/ACCURACY.md, measured again; the compared tools go into .deps/peers
	@tests/run.sh build release drift_accuracy
	@$(PYTHON) tests/accuracy/measure_accuracy.py --build $(BUILD)

install: programs ## both programs, what they need and the drift library under PREFIX, relocatable
	@cmake --install $(BUILD) --prefix $(PREFIX) --component driftserve >/dev/null
	@cmake --install $(BUILD) --prefix $(PREFIX) --component cuda >/dev/null
	@cmake --install $(BUILD) --prefix $(PREFIX) --component development >/dev/null
	@echo "installed under $(PREFIX)"

deb: programs ## Debian packages of the programs and of the drift library, in build/deb
	@$(PYTHON) deploy/debian/make_deb.py --build $(BUILD)

image: ## the container image: TAG=name:tag, DIGEST=sha256:… of the base or today's; needs docker or podman
	@deploy/image/build_image.sh $(or $(TAG),driftserve:dev) $(DIGEST)

clean: ## remove build/
	@rm -rf build
