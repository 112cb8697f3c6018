# The commands of a checkout. Each first sees to it that what it needs is there (bootstrap/ensure).
MAKEFLAGS += --no-print-directory
.PHONY: help demo test bench web check lock clean

help:
	@echo "make demo [ONCE=1]   a real Asterisk, ctid, two agents and their callers; ONCE=1: one call, told as JSON"
	@echo "make test            every static check and every test"
	@echo "make bench [NAME=x]  one benchmark, or all of them into docs/benchmarks.md"
	@echo "make web             the pages, built into ctid/desktop/web"
	@echo "make check           the static checks alone: ruff, mypy, import-linter"
	@echo "make lock            pin the newest packages that fit"
	@echo "make clean           remove what tools left in this checkout"

demo:
	@exec bootstrap/with demo python -m sip_test_rig.demo $(if $(ONCE),--once)

test:
	@exec bootstrap/with test bootstrap/test

bench:
	@exec bootstrap/with bench python -m benchmarks $(NAME)

web:
	@exec bootstrap/with check bootstrap/web

check:
	@exec bootstrap/with check bootstrap/check

lock:
	@exec bootstrap/with check bootstrap/lock

clean:
	@rm -rf ctid/desktop/web web/node_modules web/*/dist web/client/spec web/client/src/generated .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov build dist
	@find . -name __pycache__ -type d -not -path './.git/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +
