"""Lookups in the configuration: what is refused, where, and what is told to be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from ctid.errors import ConfigError
from ctid.ivr.checks.checks import faulty_flows
from ctid.spec.loader import load_config
from ctid.spec.lookup import LookupSpec
from ctid.spec.select import parse

pytestmark = pytest.mark.unit

AROUND = """\
site: demo
country: DE
entries: {hotline: {dnis: "100", open: {flow: bank, set: {account: "4711"}}}}
queues: {sales: {steps: [{}]}}
pbxes: {main: {ami: {host: 127.0.0.1, username: ctid, secret: demo-only-secret}, speech: /speech}}
speech: {folder: speech}
api: {token_secret: demo-only-token-secret-0123456789abcdef}
lookups:
  balance:
    http:
      method: POST
      url: https://bank.example.org/accounts/{account}
      headers: {Authorization: demo-only-token}
      query: {lang: "{language}"}
      json: {who: {pin: "{pin}"}}
  order:
    sql: {url: "postgresql://shop@db/shop", query: "select state from orders where number = cast(:number as integer)"}
"""

FLOW = """\
flows:
  bank:
    start: pin
    nodes:
      pin: {collect: {into: pin, sensitive: true, say: Your PIN., max: 4, then: get, otherwise: agent}}
      get:
        fetch:
          lookup: balance
          give: {account: "{account}", pin: "{pin}", language: "{language}"}
          into: {balance: account.balance}
          then: agent
          failed: agent
      agent: {go: {queue: sales}}
"""


def faults(tmp_path: Path, flow: str) -> list[str]:
    (tmp_path / "a.yaml").write_text(AROUND)
    (tmp_path / "flow.yaml").write_text(flow)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, check=faulty_flows)
    return [fault.removeprefix(f"{tmp_path}/") for fault in caught.value.faults]


def test_a_flow_that_gives_what_its_lookup_needs_loads(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(AROUND)
    (tmp_path / "flow.yaml").write_text(FLOW)
    lookups = load_config(tmp_path).daemon.lookups
    assert lookups["balance"].way.parameters == {"account", "language", "pin"}
    assert lookups["order"].way.parameters == {"number"}
    assert "demo-only-token" not in repr(lookups)


@pytest.mark.parametrize(
    ("was", "instead", "fault"),
    [
        (
            "lookup: balance",
            "lookup: balanse",
            "flow.yaml:8: flows.bank.nodes.get.fetch.lookup: there is no lookup 'balanse'; did you mean 'balance'?",
        ),
        (
            ', language: "{language}"',
            "",
            "flow.yaml:9: flows.bank.nodes.get.fetch.give: language is missing, which the lookup 'balance' needs",
        ),
        (
            'language: "{language}"',
            'language: "{language}", kind: x',
            "flow.yaml:9: flows.bank.nodes.get.fetch.give.kind: the lookup 'balance' does not take that; "
            "it takes: account, language, pin",
        ),
        (
            'pin: "{pin}"',
            'pin: "0{pin}"',
            "flow.yaml:9: flows.bank.nodes.get.fetch.give.pin: 'pin' is sensitive, so that only lookups may be given "
            'it, and alone: give: {name: "{pin}"}',
        ),
    ],
)
def test_a_fetch_that_cannot_work_is_told_with_its_place(tmp_path: Path, was: str, instead: str, fault: str) -> None:
    assert was in FLOW
    assert faults(tmp_path, FLOW.replace(was, instead)) == [fault]


HTTP = {"url": "https://bank.example.org/accounts/{account}?x={y}"}
SQL = {"url": "sqlite:///orders.db", "query": "select state from orders where number = :number"}


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({}, "give exactly one of http and sql"),
        ({"http": HTTP, "sql": SQL}, "give exactly one of http and sql"),
        ({"http": HTTP, "timeout_seconds": 11}, "timeout_seconds 11 is more than total_seconds"),
        (
            {"http": {**HTTP, "method": "POST"}, "cache_seconds": 5},
            "cache_seconds needs a GET, or http.idempotent: true",
        ),
        ({"http": {**HTTP, "method": "PUT"}}, "'GET' or 'POST'"),
        ({"http": {**HTTP, "json": {}}}, "json is posted: say method: POST, or use query"),
        ({"http": {**HTTP, "headers": {"A B": "x"}}}, "match pattern"),
        ({"http": {**HTTP, "headers": {"A": "x\r\nB: y"}}}, "a header is one line of plain ASCII"),
        ({"sql": {**SQL, "url": "mysql://db/shop"}}, "the url begins with neither sqlite:/// nor postgresql://"),
        ({"sql": {**SQL, "url": "postgresql://db:many/shop"}}, "the url cannot be read"),
    ],
)
def test_what_cannot_be_asked_is_refused(spec: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        LookupSpec.model_validate(spec)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://{host}/a", "a parameter in its host"),
        ("https://bank.{zone}/a", "a parameter in its host"),
        ("https://{user}@bank.example.org/a", "a parameter in its host"),
        ("{scheme}://bank.example.org/a", "a parameter in its host"),
        ("https://bank.example.org:{port}/a", "a parameter in its host"),
        ("//bank.example.org/{a}", "a parameter in its host"),
        ("ftp://bank.example.org/{a}", "none of https://host/path"),
        ("https:///{a}", "none of https://host/path"),
        ("https://bank.example.org:many/a", "cannot be read"),
        ("https://bank.example.org/a#{b}", "a user, a password or a fragment"),
        ("https://me:secret@bank.example.org/a", "a user, a password or a fragment"),
        ("https://bank.example.org/{a", "a brace that is none of a {parameter}"),
        ("https://bank.example.org/{a.b}", "a brace that is none of a {parameter}"),
        ("https://bank.example.org/x/../{a}", "has . or .. in its path"),
        ("https://bank.example.org/x/%2e%2e/{a}", "has . or .. in its path"),
        ("http://bank.example.org/{a}", "http:// beyond this machine"),
        ("https://bank.example.org/a b", "match pattern"),
    ],
)
def test_parameters_stand_in_the_path_and_the_query_alone(url: str, fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        LookupSpec.model_validate({"http": {"url": url}})
    assert fault in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/{a}", "http://[::1]/{a}", "http://localhost/{a}"])
def test_plain_http_is_for_this_machine(url: str) -> None:
    assert LookupSpec.model_validate({"http": {"url": url}}).way.parameters == {"a"}
    LookupSpec.model_validate({"http": {"url": "http://bank.example.org/{a}", "allow_plain_http": True}})


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("update orders set state = :state", "the query is no SELECT"),
        ("", "the query is no SELECT"),
        ("explain select 1", "the query is no SELECT"),
        ("select 1; drop table orders", "a ;: give one statement"),
        ("select state into backup from orders", "the query has INTO: a lookup only reads"),
        ("select state from orders for update", "the query has UPDATE: a lookup only reads"),
        ("with gone as (delete from orders returning state) select state from gone", "the query has DELETE"),
        ("with more as (InSeRt into t values (1)) select 1", "the query has INSERT"),
        ("select state from orders -- :number", "a comment"),
        ("select state /* all */ from orders", "a comment"),
        ("select 'x from orders", "a ' without its end"),
        ("select \"x from orders where a = 'b'", 'a " without its end'),
        ("select $$x$$", "a $: name parameters as :name"),
        (r"select E'\'' || :number", "the query has a \\"),
        ("select :number::integer", "write CAST(:name AS type)"),
        ("select a[:1]", "a : that begins no parameter"),
        # None of these is a parameter to SQLAlchemy.
        ("select a[1:n] from t", "a : that begins no parameter"),
        ("select 1 from t where a = :a:b", "a : that begins no parameter"),
    ],
)
def test_what_is_not_surely_one_select_is_refused(query: str, fault: str) -> None:
    with pytest.raises(ValueError, match="query") as caught:
        parse(query)
    assert fault in str(caught.value)


def test_parameters_are_found_outside_of_quotes_only() -> None:
    select = parse("""select ':no', "a:b", 'it''s :not', x::text, replace(x, '-', '') from t where a = :a and b=:b_2""")
    assert select.parameters == {"a", "b_2"}
    assert parse("WITH last AS (SELECT max(day) d FROM t) SELECT d FROM last").parameters == frozenset()
    assert parse("select \"update\" from t where note <> 'delete'").parameters == frozenset()


def test_a_lookup_of_yaml_says_where_its_fault_is(tmp_path: Path) -> None:
    data = yaml.safe_load(AROUND)
    data["lookups"]["order"]["sql"]["query"] = "drop table orders"
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(data) + FLOW)
    with pytest.raises(ConfigError, match=r"lookups\.order\.sql: the query is no SELECT$"):
        load_config(tmp_path)
