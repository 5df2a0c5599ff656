# make demo   serve a fake fleet, no configuration needed
# make test   install what the tests need and run all of them
# make help   the rest

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build

GO       ?= go
TOOL     := $(GO) tool -modfile=tools/go.mod
BINARY   := dataprotection_exporter
VERSION  := $(shell cat VERSION)
REVISION := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
BRANCH   := $(shell git rev-parse --abbrev-ref HEAD 2>/dev/null || echo unknown)
V        := github.com/prometheus/common/version
# The same stamps as in .promu.yml.
LDFLAGS  := -X $(V).Version=$(VERSION) -X $(V).Revision=$(REVISION) -X $(V).Branch=$(BRANCH) \
            -X $(V).BuildUser=$(shell id -un)@$(shell uname -n) -X $(V).BuildDate=$(shell date -u +%Y%m%d-%H:%M:%S)
DEMO_FLAGS ?=
TEST_FLAGS ?= -race -shuffle=on -timeout=30m
MUTATE_FLAGS ?=
REHEARSAL_FLAGS ?=
# Packages whose tests hold what is rendered from sources.
GENERATED  := ./docs ./mixin

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: build
build: ## build the exporter
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BINARY) .

.PHONY: demo
demo: build ## serve a fake fleet on loopback
	./$(BINARY) demo $(DEMO_FLAGS)

.PHONY: test
test: test-deps generated style lint ## install what the tests need and run all of them
	DATAPROTECTION_TEST_TOOLS=required $(TOOL) gotestsum --format pkgname-and-test-fails -- $(TEST_FLAGS) ./...

.PHONY: test-deps
test-deps: ## install what the tests need, where it is missing
	./.ci/install-test-deps

.PHONY: generate
generate: ## render rules and docs from their sources
	$(GO) test -count=1 -run TestGenerated $(GENERATED) -update

.PHONY: generated
generated: ## fail when a generated file is stale
	$(GO) test -count=1 -run TestGenerated $(GENERATED)

.PHONY: style
style: ## fail on code that is not formatted
	@out="$$($(TOOL) gofumpt -l $$(git ls-files --cached --others --exclude-standard '*.go'))"; \
	if [ -n "$$out" ]; then echo "not formatted (run make format):"; echo "$$out"; exit 1; fi
	@$(TOOL) jsonnetfmt --test $$(git ls-files --cached --others --exclude-standard '*.jsonnet' '*.libsonnet')

.PHONY: format
format: ## format code
	$(TOOL) gofumpt -w $$(git ls-files --cached --others --exclude-standard '*.go')
	$(TOOL) jsonnetfmt -i $$(git ls-files --cached --others --exclude-standard '*.jsonnet' '*.libsonnet')

.PHONY: lint
lint: ## look for mistakes
	$(GO) mod tidy -diff
	$(TOOL) golangci-lint run ./...

.PHONY: mutate
mutate: test-deps ## alter every alert in turn and see that its tests notice
	$(GO) run ./mixin/mutate $(MUTATE_FLAGS)

.PHONY: rehearsal
rehearsal: test-deps ## run the alerts through 30 simulated days, write docs/rehearsal.md
	$(GO) run ./mixin/rehearsal $(REHEARSAL_FLAGS)

.PHONY: bench
bench: ## measure
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: fuzz
fuzz: ## fuzz every parser, FUZZ_TIME each
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' "$$p" | grep '^Fuzz' || true); do \
	    $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime "$${FUZZ_TIME:-20s}" "$$p"; \
	  done; done

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BINARY) .build
