"""``ctid ivr``: flows tested, tried and drawn."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from tests.cli.running import CHECKOUT, DEMO, Ctid

SITE = """\
site: demo
timezone: Europe/Berlin
country: DE
calendars: {office: {timezone: Europe/Berlin, hours: {mon-fri: ["08:00-20:00"]}}}
entries: {all: {dnis: "100", open: {flow: bank}}}
queues: {sales: {steps: [{}]}, night: {steps: [{}]}}
flows:
  bank:
    start: hours
    languages: [en, zh]
    attributes: {account: digits, balance: money}
    nodes:
      hours:
        decide: [{when: "!calendars.office", then: night}, {when: queues.sales.free == 0, then: busy}]
        otherwise: hi
      night: {go: {queue: night}}
      busy: {call: busy, then: {wait: hi, leave: message}}
      hi: {say: [{prompt: ctid/welcome}, {en: Welcome., zh: 欢迎。}], then: language}
      language:
        menu:
          say: [{en: For English press 1., zh: 英语请按一。}]
          keys: {"1": {then: account, language: en}, "2": {then: account, language: zh}}
          no_input: [{en: Please press a key., zh: 请按键。}]
          otherwise: agent
          tries: 2
      account:
        collect:
          into: account
          say: [{en: Your account., zh: 账号。}]
          min: 4
          max: 6
          confirm: {say: [{digits: account}, {en: Press 1 if right., zh: 正确请按一。}]}
          then: pin
          otherwise: agent
      pin:
        collect:
          {into: pin, sensitive: true, say: {en: Your PIN., zh: 密码。}, min: 4, max: 4, then: get, otherwise: agent}
      get:
        fetch:
          lookup: balance
          give: {account: "{account}", pin: "{pin}"}
          into: {balance: account.balance}
          then: tell
          not_found: account
          failed: agent
      tell: {say: [{en: You have, zh: 您有}, {money: balance, currency: EUR}], then: agent}
      agent: {go: {queue: sales, set: {topic: balance}}}
      message: {record: {into: message, say: {en: Speak., zh: 请讲。}, then: bye, failed: agent}}
      bye: {end: recorded}
  busy:
    start: ask
    nodes:
      ask: {menu: {say: Press 1 to wait or 2 to leave a message., keys: {"1": wait, "2": leave}, otherwise: wait}}
      wait: {end: wait}
      leave: {end: leave}
"""

TESTS = """\
tests:
  a customer hears their balance:
    flow: bank
    given:
      lookups: {balance: [not_found, {account: {balance: 1234.50}}]}
    steps:
      - only: ["[ctid/welcome]", Welcome., For English press 1.]
      - silence
      - only: [Please press a key., For English press 1.]
      - press: "1"
      - press: "12#"
      - hear: Your account.
      - press: "1234#"
      - hear: [one, two, three, four, Press 1 if right.]
      - press: "1"
      - press: "4711"
      - hear: Your account.
      - press: "123456"
      - press: "14711"
      - only: [You have, "one thousand two hundred thirty-four euros and fifty cents"]
    then: {queue: sales, node: bank/agent, attributes: {balance: "1234.50", topic: balance, account: "123456", pin: ""}}
  at night:
    flow: bank
    given: {at: 2026-01-14T22:00}
    then: {queue: night}
  who presses at once does not hear it:
    flow: bank
    given: {calendars: {office: open}, at: 2026-01-18T12:00}
    steps: [{press: "2"}, {only: 账号。}, {press: "4"}, {press: "*1"}, {press: "#"}]
    then: {queue: sales}
  a message:
    flow: bank
    given: {queues: {sales: {free: 0, agents: 2}}, language: zh}
    steps: [{hear: "2 to leave"}, {press: "2"}, {hear: 请讲}]
    then: {end: recorded, attributes: {message: recorded}}
  no message:
    flow: bank
    given: {queues: {sales: {free: 0}}, recording: false}
    steps: [{press: "2"}]
    then: {queue: sales}
"""


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    (tmp_path / "site.yaml").write_text(SITE)
    (tmp_path / "bank.test.yaml").write_text(TESTS)
    return tmp_path


def test_tests_of_flows_pass(ctid: Ctid, bank: Path) -> None:
    done = ctid("ivr", "test", "-c", bank)
    assert (done.returncode, done.stdout) == (0, "5 passed, 0 failed\n")
    assert ctid("ivr", "test", "-c", bank, "bank").stdout == "5 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '- hear: Your account.\n      - press: "1234#"',
            '- hear: Your number.\n      - press: "1234#"',
            [
                "12: a customer hears their balance (bank): is not heard in bank/account: Your number.",
                "  - Your number.",
                "  + Your account.",
            ],
        ),
        (
            "only: [Please press a key., ",
            "only: [",
            [
                "9: a customer hears their balance (bank): something else is heard in bank/language",
                "  - For English press 1.",
                "  + Please press a key.",
                "  + For English press 1.",
            ],
        ),
        (
            "then: {queue: night}",
            "then: {queue: sales}",
            [
                "25: at night (bank): the caller leaves otherwise",
                "  - queue: sales",
                "  + queue: night, node: bank/night",
            ],
        ),
        (
            "topic: balance,",
            "topic: sales,",
            [
                "21: a customer hears their balance (bank): the attribute 'topic' holds something else",
                "  - topic: sales",
                "  + topic: balance",
            ],
        ),
        (
            '[{hear: "2 to leave"}, {press: "2"}, {hear: 请讲}]',
            "[]",
            [
                "35: a message (bank): the caller is still asked in busy/ask",
                "  - end: recorded",
                "  + Press 1 to wait or 2 to leave a message.",
            ],
        ),
        (
            "{hear: 请讲}]",
            "{hear: 请讲}, silence]",
            ["34: a message (bank): nothing is asked any more", "  - silence", "  + end: recorded, node: bank/bye"],
        ),
        (
            "lookups: {balance: [not_found, {account: {balance: 1234.50}}]}",
            "ani: '1'",
            [
                "4: a customer hears their balance (bank): no answer is given to the lookup 'balance'",
                "  + account: 1234",
                "  + pin: (sensitive)",
            ],
        ),
        (
            "flow: bank\n    given: {at",
            "flow: bang\n    given: {at",
            ["23: at night (bang): there is no flow 'bang'; there is: bank, busy"],
        ),
    ],
)
def test_what_went_otherwise_is_told_with_its_place(
    ctid: Ctid, bank: Path, old: str, new: str, said: list[str]
) -> None:
    file = bank / "bank.test.yaml"
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    done = ctid("ivr", "test", "-c", bank)
    assert done.returncode == 1
    assert done.stdout.splitlines()[:-1] == [f"{file}:{said[0]}", *said[1:]]
    assert done.stdout.splitlines()[-1] == "4 passed, 1 failed"


def test_a_file_of_tests_that_is_none_is_refused(ctid: Ctid, bank: Path) -> None:
    file = bank / "bank.test.yaml"
    file.write_text(
        "tests:\n  one:\n    flow: bank\n    steps:\n      - {press: 12}\n      - {hear: a, only: b}\n  two: {}\n"
    )
    done = ctid("ivr", "test", "-c", bank)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{file}:5: tests.one.steps[0].press: Input should be a valid string",
        f"{file}:6: tests.one.steps[1]: give exactly one of press, hear, only and silence",
        f"{file}:7: tests.two.flow: is needed and missing",
    ]
    file.unlink()
    done = ctid("ivr", "test", "-c", bank)
    assert (done.returncode, done.stderr) == (2, f"{bank}:1: there is no test of a flow in *.test.yaml\n")
    done = ctid("ivr", "test", "-c", bank, "bang")
    assert (done.returncode, done.stderr) == (2, "ctid: there is no flow 'bang'; there is: bank, busy\n")


def test_a_flow_with_a_fault_is_not_tested(ctid: Ctid, bank: Path) -> None:
    site = bank / "site.yaml"
    site.write_text(SITE.replace("night: {go", "nigth: {go"))
    done = ctid("ivr", "test", "-c", bank)
    assert done.returncode == 2
    assert f"{site}:14: flows.bank.nodes.hours.decide[0].then: there is no node 'night' in this flow" in done.stderr


def test_a_flow_is_tried_at_the_terminal(ctid: Ctid, bank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["x", "1", "1234#", "1", "4711", "what?", "{account: {balance: 12.5}}"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(answers) + "\n"))
    done = ctid("ivr", "try", "bank", "-c", bank, "--at", "2026-01-14T12:00", "--ani", "+4930")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for line in (
        "node bank/hi",
        "  [ctid/welcome] Welcome. For English press 1.",
        "keys are 0 to 9, * and #; Enter alone is silence, q hangs up",
        "up to 6 keys › 1234#",
        "  one two three four Press 1 if right.",
        "lookup balance {account: 1234, pin: ••••}",
        "  answers {'account': {'balance': 12.5}}",
        "  You have twelve euros and fifty cents",
        "⇒ queue: sales, node: bank/agent",
        "   balance: 12.50",
    ):
        assert line in lines, (line, done.stdout)
    assert "up to 4 keys › ••••" in lines
    assert "4711" not in done.stdout


def test_what_is_given_is_not_asked_for(ctid: Ctid, bank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = bank / "given.yml"
    given.write_text("language: en\nlookups: {balance: timeout}\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("2\n1234#\n1\n4711\n"))
    done = ctid("ivr", "try", "bank", "-c", bank, "--given", given, "--language", "zh", "--at", "2026-01-14T12:00")
    lines = done.stdout.splitlines()
    assert "  [ctid/welcome] 欢迎。 英语请按一。" in lines
    assert "fetch balance timeout" in lines
    assert "⇒ queue: sales, node: bank/agent" in lines
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    done = ctid("ivr", "try", "bank", "-c", bank, "--at", "2026-01-14T12:00")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "the caller hangs up")
    done = ctid("ivr", "try", "bank", "-c", bank, "--at", "noon")
    assert (done.returncode, done.stderr) == (2, "ctid: 'noon' is no moment; write for example 2026-11-29T14:00\n")
    done = ctid("ivr", "try", "bank", "-c", bank, "--at", "2026-11-29T14:00+01:00")
    assert (done.returncode, done.stderr.startswith("ctid: --at: is on the clocks of the site's zone")) == (2, True)
    done = ctid("ivr", "try", "bank", "-c", bank, "--language", "klingon!")
    assert (done.returncode, done.stderr.startswith("ctid: --language: String should match pattern")) == (2, True)
    given.write_text("language: en\nqueue: {}\n")
    done = ctid("ivr", "try", "bank", "-c", bank, "--given", given)
    assert (done.returncode, done.stderr.splitlines()[0].startswith(f"{given}:2: queue: is not known")) == (2, True)


ORDER = """\
  order:
    start: get
    attributes: {due: datetime, sum: number}
    nodes:
      get:
        fetch:
          lookup: order
          into: {what: items.0.title, second: items.1.title, due: due, sum: sum, note: note.text}
          then: law
          failed: failed
      law: {say: Calls are recorded., interruptible: false, then: choice}
      choice: {menu: {say: Press 1., keys: {"1": {then: done, set: {pressed: one}}}, tries: 1, otherwise: done}}
      done: {end: done}
      failed: {end: failed}
"""
ORDER_TESTS = """\
tests:
  what an answer holds is taken as the daemon takes it:
    flow: order
    given:
      attributes: {second: former, note: former}
      lookups:
        order: {items: [{title: Chair}], due: 2026-12-01T14:05:00, sum: 1.0e+14, note: null}
    steps: [{press: "1"}]
    then:
      end: done
      attributes: {what: Chair, second: "", due: "2026-12-01T14:05", sum: "100000000000000", note: "", pressed: one}
  an object is no text:
    flow: order
    given: {lookups: {order: {items: [{title: {}}], due: null, sum: null, note: null}}}
    then: {end: failed}
"""


def test_a_rehearsal_takes_answers_as_the_daemon_does(ctid: Ctid, bank: Path) -> None:
    (bank / "site.yaml").write_text(SITE.replace("{flow: bank}", "{flow: order}") + ORDER)
    (bank / "bank.test.yaml").write_text(ORDER_TESTS)
    done = ctid("ivr", "test", "-c", bank, "order")
    assert done.stdout.splitlines() == ["2 passed, 0 failed"]


HALF = """\
  half:
    start: a
    nodes:
      a: {decide: [{when: now.hour < 12, then: am}], otherwise: pm}
      am: {end: am}
      pm: {end: pm}
"""


def test_without_a_moment_it_is_now_on_the_site_s_clocks(ctid: Ctid, bank: Path) -> None:
    ends = set()
    for zone in ("Etc/GMT+6", "Etc/GMT-6"):
        site = SITE.replace("Europe/Berlin\ncountry", f"{zone}\ncountry").replace("{flow: bank}", "{flow: half}") + HALF
        (bank / "site.yaml").write_text(site)
        ends.add(ctid("ivr", "try", "half", "-c", bank).stdout.splitlines()[-1])
    # They are twelve hours apart.
    assert ends == {"⇒ end: am, node: half/am", "⇒ end: pm, node: half/pm"}


LAW = """\
  law:
    start: number
    nodes:
      number: {collect: {into: number, say: Number., max: 3, then: law, otherwise: done}}
      law: {say: Calls are recorded., interruptible: false, then: choice}
      choice: {menu: {say: Press 1., keys: {"1": {then: done, set: {pressed: one}}}, tries: 1, otherwise: done}}
      done: {end: done}
  greeting:
    start: first
    nodes:
      first: {collect: {into: first, say: One digit., max: 1, then: hello, otherwise: law}}
      hello: {say: Hello., then: law}
      law: {go: {flow: law}}
"""
LAW_TESTS = """\
tests:
  a key that ends a greeting counts in the next flow:
    flow: greeting
    steps: [{press: 7*}, {hear: Press 1.}, {press: "1"}]
    then: {end: done, attributes: {first: "7", number: "*", pressed: one}}
  who is fast:
    flow: law
    steps: [{press: 12#1}, {only: [Calls are recorded., Press 1.]}, {press: "1"}]
    then: {end: done, attributes: {number: "12", pressed: one}}
"""


def test_keys_that_nobody_listens_for_are_lost(ctid: Ctid, bank: Path) -> None:
    (bank / "site.yaml").write_text(SITE.replace("{flow: bank}", "{flow: law}") + LAW)
    (bank / "bank.test.yaml").write_text(LAW_TESTS)
    done = ctid("ivr", "test", "-c", bank, "law")
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["1 passed, 0 failed"]
    assert ctid("ivr", "test", "-c", bank, "greeting").stdout.splitlines() == ["1 passed, 0 failed"]


def test_a_flow_is_drawn(ctid: Ctid, bank: Path) -> None:
    drawn = bank / "bank.svg"
    assert ctid("ivr", "graph", "bank", "-c", bank, "-o", drawn).returncode == 0
    assert drawn.read_text().startswith("<svg ")
    assert ctid("ivr", "graph", "bank", "-c", bank).stdout == drawn.read_text()
    done = ctid("ivr", "graph", "busy", "-c", bank, "--format", "mermaid")
    assert done.stdout.splitlines()[0] == "flowchart TD"
    assert '    n0 -->|"1, otherwise"| n1' in done.stdout.splitlines()
    done = ctid("ivr", "graph", "bang", "-c", bank)
    assert (done.returncode, done.stderr) == (2, "ctid: there is no flow 'bang'; there is: bank, busy\n")


def test_the_demo_s_own_tests_pass(ctid: Ctid) -> None:
    done = ctid("ivr", "test", "-c", DEMO)
    assert (done.returncode, done.stdout) == (0, "21 passed, 0 failed\n")
    assert ctid("ivr", "test", "-c", DEMO, "survey").stdout == "3 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "fails", "said"),
    [
        ("bank.test.yaml", "负二十点零五欧元, 再听一遍请按一", "二十欧元", 1, "is not heard in bank/more: 二十欧元"),
        ("bank.test.yaml", 'attributes: {score: "5"}', 'attributes: {score: "4"}', 1, "the attribute 'score'"),
        ("bank.yaml", "en: Account and code do not fit.", "en: No.", 1, "something else is heard in bank/"),
        ("bank.yaml", 'pattern: "[1-5]"', 'pattern: "[1-9]"', 1, "is not heard in survey/over"),
    ],
)
def test_the_demo_s_own_tests_can_fail(
    ctid: Ctid, tmp_path: Path, file: str, old: str, new: str, fails: int, said: str
) -> None:
    config = tmp_path / "demo"
    shutil.copytree(DEMO, config)
    text = (config / file).read_text()
    assert text.count(old) == 1
    (config / file).write_text(text.replace(old, new))
    done = ctid("ivr", "test", "-c", config)
    assert done.returncode == 1
    assert said in done.stdout
    assert done.stdout.splitlines()[-1] == f"{21 - fails} passed, {fails} failed"


def test_the_picture_in_the_readme_is_of_the_demo_s_bank(ctid: Ctid) -> None:
    assert (CHECKOUT / "docs/screenshots/bank.svg").read_text() == ctid("ivr", "graph", "bank", "-c", DEMO).stdout
