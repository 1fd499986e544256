# PowerPole. `make help` lists the targets; Go and make are all that `demo` and
# `test` need.
SHELL     := bash
MODULES   := deploy/local pkg $(addprefix services/,approval grantor intake notifier provisioner reaper) deploy/powerpole
SERVICES  := intake approval provisioner grantor notifier reaper
TESTFLAGS ?=
# Without net/trace and net/rpc nothing uses html/template, and the linker leaves
# out every method that nobody calls: a service's binary is 31 MB, not 42.
BUILDTAGS := grpcnotrace,lambda.norpc

.PHONY: help demo test build smoke smoke-processes smoke-mariadb chaos test-db browser-test sim mutants mutants-quick bench lint tidy tidy-check generate clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: ## run everything on this machine; open the URL that it prints
# Not by go run, which makes an error of Ctrl-C.
	go build -o bin/powerpole ./deploy/powerpole && exec bin/powerpole local

test: ## every test, module by module as it would be built alone, with the race detector
	@status=0; for m in $(MODULES); do (cd $$m && GOWORK=off go test -race -shuffle=on -timeout 20m $(TESTFLAGS) ./...) || status=1; done; \
	(cd deploy/powerpole && GOWORK=off go test $(TESTFLAGS) ./sim) || status=1; exit $$status # a few histories, see there why not with -race

build: ## six services and the command `powerpole` under bin/
	@mkdir -p bin
	@for s in $(SERVICES); do (cd services/$$s && GOWORK=off go build -trimpath -tags $(BUILDTAGS) -o ../../bin/$$s ./cmd/$$s) || exit 1; done
	@cd deploy/powerpole && GOWORK=off go build -trimpath -o ../../bin/powerpole .

smoke: ## the whole road once, as people would, with a timeline
	go run ./deploy/powerpole smoke

smoke-processes: build ## the same with `powerpole local --no-services` and six services as processes
	bin/powerpole smoke --processes bin

smoke-mariadb: ## the same on a MariaDB of its own, for a database and for two columns of a table (Debian: mariadb-server-core)
	cd deploy/powerpole && POWERPOLE_TEST_MARIADB=required go test -count=1 -v -run TestTheWholeRoadOnARealServer .

FOR  ?= 10m
SEED ?= 0

chaos: build ## six processes killed again and again and their connections cut, on a MariaDB of its own: make chaos FOR=60s SEED=7
	go run ./deploy/powerpole/chaos -bin bin -for $(FOR) -seed $(SEED)

test-db: .tmp/mysql97 ## the grantor on MariaDB and MySQL (root; Debian: mariadb-server-core, debootstrap)
	@cd services/grantor && POWERPOLE_TEST_MARIADB=required POWERPOLE_TEST_MYSQL=required POWERPOLE_TEST_MYSQL_ROOT=$(CURDIR)/.tmp/mysql97 \
		go test -count=1 -timeout 20m $(TESTFLAGS) ./...

.tmp/mysql97:
	rm -rf $@.part && mkdir -p .tmp
	debootstrap --variant=minbase --include=mysql-server-core,mysql-client-core sid $@.part >&2
	mv $@.part $@

browser-test: ## the whole road in a headless Chromium (Debian: chromium)
	cd deploy/powerpole && go test -count=1 -v -tags browser ./browsertest

SEEDS      ?= 200
SEED_START ?= 1

sim: ## histories of all six services in virtual time, with faults: make sim SEEDS=10000 SEED_START=1
	cd deploy/powerpole && go run ./sim/cmd/sim -seeds $(SEEDS) -start $(SEED_START)

mutants: ## remove one guard at a time, and see that the simulation notices: make mutants MUTANTS="-only warrant -seeds 100"
	cd deploy/powerpole && go run ./sim/cmd/mutants $(MUTANTS)

mutants-quick: ## one mutant of each part: does the simulation still see?
	cd deploy/powerpole && go run ./sim/cmd/mutants -quick -seeds 50

bench: build ## measure, and print a table
	POWERPOLE_TEST_MYSQL_ROOT=$(wildcard $(CURDIR)/.tmp/mysql97) go run ./deploy/powerpole/bench -bin bin

lint: ## vet, staticcheck, gofumpt
	@.ci/lint $(MODULES)

tidy: ## go mod tidy in every module
	@for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy) || exit 1; done

tidy-check: ## fail where `make tidy` would change something
	@for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy -diff) || exit 1; done

generate: ## write what is generated again: topology.json, asyncapi.json, the catalog's schema, golden files
	cd pkg && go test ./event ./event/asyncapi ./topology ./catalog -update

clean: ## remove what was built
	rm -rf bin .tmp
