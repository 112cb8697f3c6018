"""Faults of flows: each with file, line and key, and what would be right."""

# ruff: noqa: E501 - messages are compared as people read them

from __future__ import annotations

from pathlib import Path

import pytest

from ctid.errors import ConfigError
from ctid.ivr.checks.checks import faulty_flows
from ctid.spec.loader import load_config, load_site
from ctid.spec.sounds import faulty_sounds

pytestmark = pytest.mark.unit

SITE_ALONE = """\
site: demo
country: DE
calendars: {office: {timezone: Europe/Berlin, hours: {mon-fri: ["08:00-20:00"]}}}
entries: {all: {dnis: "100", open: {flow: bank, set: {brand: red}}}}
queues: {sales: {steps: [{}]}, desk: {steps: [{}], survey: after}}
"""

FLOWS = """\
flows:
  bank:
    start: welcome
    languages: [en, zh]
    attributes: {account: digits, balance: money, vip: flag, due: date, tries: number}
    nodes:
      welcome: {say: {en: Welcome., zh: 欢迎。}, then: language}
      language:
        menu:
          say: [{en: For English press 1., zh: 英语请按一。}]
          keys: {"1": {then: account, language: en}, "2": {then: account, language: zh, set: {vip: "true"}}}
          otherwise: agent
      account:
        collect:
          into: account
          say: {en: Your number., zh: 号码。}
          max: 10
          confirm: {say: [{digits: account}, {en: If right press one., zh: 正确请按1。}]}
          then: pin
          otherwise: agent
      pin:
        collect: {into: pin, sensitive: true, say: {en: Your PIN., zh: 密码。}, max: 4, then: get, otherwise: agent}
      get:
        fetch:
          lookup: balance
          give: {account: "{account}", pin: "{pin}", brand: "{brand}"}
          into: {balance: balance, due: due}
          then: tell
          not_found: account
          failed: agent
      tell:
        say: [{en: You have, zh: 您有}, {money: balance, currency: EUR}, {en: "{customer.name}", zh: "{ani}"}]
        then: decide
      decide:
        decide:
          - {when: "attributes.balance > 1000 || attributes.vip", then: sub}
          - {when: "queues.sales.free > 0 && calendars.office && attributes.brand == 'red'", then: agent}
          - {percent: 50, then: note}
        otherwise: later
      later: {set: {tries: "2", note: "{account} {balance}"}, then: sub}
      sub: {call: ask, then: {good: agent, bad: note}}
      note: {language: en, then: agent}
      agent: {go: {queue: desk, set: {due: '2026-11-29'}}}
  ask:
    start: ask
    nodes:
      ask: {menu: {say: Press 1 or 2., keys: {"1": good, "2": bad}, otherwise: bad}}
      good: {end: good}
      bad: {end: bad}
  after:
    start: rate
    nodes:
      rate: {collect: {into: rating, say: "Thank you {account}.", max: 1, then: bye, otherwise: bye}}
      bye: {end: done}
"""


def faults(tmp_path: Path, site: str, flows: str) -> list[str]:
    (tmp_path / "site.yaml").write_text(site)
    (tmp_path / "flows.yaml").write_text(flows)
    (tmp_path / "flows.test.yaml").write_text("- this is: no configuration\n")
    try:
        load_site(tmp_path, faulty_flows)
    except ConfigError as error:
        return [fault.removeprefix(f"{tmp_path}/").removeprefix("flows.yaml:") for fault in error.faults]
    return []


def test_a_whole_flow_has_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, SITE_ALONE, FLOWS) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "      note: {language: en, then: agent}",
            "      note: {language: en}",
            ["42: flows.bank.nodes.note.then: is needed and missing"],
        ),
        (
            "      note: {language: en, then: agent}",
            "      note:\n        language: en\n        then: agent\n        say: hi",
            ["42: flows.bank.nodes.note: a node needs exactly one of: say, menu,"],
        ),
        (
            "{money: balance, currency: EUR}",
            "{amount: balance}",
            [
                "32: flows.bank.nodes.tell.say[1].amount: 'amount' is no language such as en or zh-TW, nor one of prompt, text, digits, number,"
            ],
        ),
        (
            '"1": good, "2": bad}, otherwise: bad',
            '"1": good, "2": no}, otherwise: no',
            [
                "47: flows.ask.nodes.ask.menu.keys.2: Input should be",
                "47: flows.ask.nodes.ask.menu.otherwise: Input should be a valid string; yes, no, on and off are true and false in YAML, unless they are in quotes",
            ],
        ),
        (
            "start: welcome",
            "start: welcom",
            ["3: flows.bank.start: there is no node 'welcom'; did you mean 'welcome'?"],
        ),
        (
            "zh: 欢迎。}, then: language}",
            "zh: 欢迎。}, then: langage}",
            [
                "7: flows.bank.nodes.welcome.then: there is no node 'langage' in this flow; did you mean 'language'?",
                "8: flows.bank.nodes.language: nothing leads to this node; let another one do, or take it away",
            ],
        ),
        (
            '"1": good, "2": bad}, otherwise: bad',
            '"1": good, "2": xyz}, otherwise: bad',
            [
                "47: flows.ask.nodes.ask.menu.keys.2: key 2 is dead: there is no node 'xyz' in this flow; there is: ask, bad, good"
            ],
        ),
        (
            "      note: {language",
            "      alone: {end: lonely}\n      note: {language",
            ["42: flows.bank.nodes.alone: nothing leads to this node; let another one do, or take it away"],
        ),
        (
            "then: tell\n          not_found: account\n          failed: agent",
            "then: tell\n          not_found: account\n          failed: get",
            [
                "23: flows.bank.nodes.get: goes round for ever while lookups or recordings fail (get → get); let failed lead elsewhere"
            ],
        ),
        (
            "sub: {call: ask, then: {good: agent, bad: note}}",
            "sub: {call: ask, then: {good: note, bad: sub}}",
            [
                "41: flows.bank.nodes.sub: who presses no key goes round for ever (sub → sub); let otherwise lead elsewhere"
            ],
        ),
        (
            "        otherwise: later",
            "        otherwise: mark\n      mark: {set: {note: again}, then: decide}",
            [
                "34: flows.bank.nodes.decide: decide, mark lead to each other in no time, so that nothing changes what is decided; say something between",
                "41: flows.bank.nodes.later: nothing leads to this node; let another one do, or take it away",
            ],
        ),
        (
            "        otherwise: later",
            "        otherwise: mark\n      mark: {set: {vip: 'true'}, then: decide}",
            ["41: flows.bank.nodes.later: nothing leads to this node; let another one do, or take it away"],
        ),
        (
            "      note: {language: en, then: agent}",
            "      note: {language: en, then: more}\n      more: {say: {en: a, zh: b}, then: note}",
            [
                "42: flows.bank.nodes.note: goes round for ever with nothing to press or to wait for (note → more → note); let one of these nodes lead elsewhere"
            ],
        ),
        (
            '"1": good, "2": bad}, otherwise: bad}}\n      good',
            '"1": ask, "2": ask}, otherwise: ask}}\n      good',
            [
                "41: flows.bank.nodes.sub.call: flow 'ask' never ends, so that nothing goes on here; write go: {flow: ask}",
                "47: flows.ask.nodes.ask: goes round for ever, and callers can only hang up (ask → ask); let one of these nodes lead elsewhere",
                "48: flows.ask.nodes.good: nothing leads to this node; let another one do, or take it away",
                "49: flows.ask.nodes.bad: nothing leads to this node; let another one do, or take it away",
            ],
        ),
        (
            '"2": bad}, otherwise: bad}}\n      good',
            '"2": bad}, otherwise: ask}}\n      good',
            [
                "47: flows.ask.nodes.ask: who presses no key goes round for ever (ask → ask); let otherwise lead elsewhere"
            ],
        ),
        (
            "agent: {go: {queue: desk, set: {due: '2026-11-29'}}}",
            "agent: {go: {flow: bank}}",
            [
                "7: flows.bank.nodes.welcome: goes round for ever, and callers can only hang up (welcome → language → account → pin → get → tell → decide → sub → agent → welcome); let",
                "53: flows.after.nodes.rate.collect.say: nothing sets the attribute 'account', nor does the flow name it under its attributes; there is: language, last_agent, last_queue,",
            ],
        ),
        (
            "{good: agent, bad: note}",
            "{good: agent}",
            [
                "41: flows.bank.nodes.sub.then: flow 'ask' can end with 'bad', for which there is no way on: add bad: <node>"
            ],
        ),
        (
            "{good: agent, bad: note}",
            "{good: agent, bad: note, so-so: note}",
            ["41: flows.bank.nodes.sub.then.so-so: flow 'ask' never ends with 'so-so'; it ends with: bad, good"],
        ),
        (
            "good: {end: good}",
            "good: {call: ask, then: done}\n      done: {end: good}",
            ["48: flows.ask.nodes.good.call: flow 'ask' calls 'ask' again"],
        ),
        (
            "good: {end: good}",
            "good: {call: asked, then: bad}",
            [
                "41: flows.bank.nodes.sub.then.good: flow 'ask' never ends with 'good'; it ends with: bad",
                "48: flows.ask.nodes.good.call: there is no flow 'asked'; did you mean 'ask'?",
            ],
        ),
        (
            'account: "{account}", pin',
            'account: "{acount}", pin',
            [
                "26: flows.bank.nodes.get.fetch.give.account: nothing sets the attribute 'acount', nor does the flow name it under its attributes; did you mean 'account'?"
            ],
        ),
        (
            '{en: "{customer.name}", zh: "{ani}"}',
            '{en: "{customer.name}", zh: "{any}"}',
            [
                "32: flows.bank.nodes.tell.say[2].zh: nothing sets the attribute 'any', nor does the flow name it under its attributes; there is: account, balance, brand, due, language,"
            ],
        ),
        (
            "attributes.vip",
            "attributes.vib",
            [
                "36: flows.bank.nodes.decide.decide[0].when: nothing sets the attribute 'vib', nor does the flow name it under its attributes; did you mean 'vip'?"
            ],
        ),
        (
            "{digits: account}, {en: If",
            "{digits: konto}, {en: If",
            [
                "18: flows.bank.nodes.account.collect.confirm.say[0]: nothing sets the attribute 'konto', nor does the flow name it under its attributes; there is: account, balance,"
            ],
        ),
        (
            "Thank you {account}.",
            "Thank you {accounts}.",
            [
                "53: flows.after.nodes.rate.collect.say: nothing sets the attribute 'accounts', nor does the flow name it under its attributes; did you mean 'account'?"
            ],
        ),
        (
            "{money: balance, currency: EUR}",
            "{date: balance}",
            ["32: flows.bank.nodes.tell.say[1]: 'balance' holds money, and date is said of: date"],
        ),
        (
            "{money: balance, currency: EUR}",
            "{money: due, currency: EUR}",
            ["32: flows.bank.nodes.tell.say[1]: 'due' holds date, and money is said of: digits, money, number"],
        ),
        (
            "account: digits, ",
            "account: date, ",
            [
                "15: flows.bank.nodes.account.collect.into: callers enter digits, and 'account' holds date; digits go into: digits, money, number, text",
                "18: flows.bank.nodes.account.collect.confirm.say[0]: 'account' holds date, and digits is said of: digits, number, text",
            ],
        ),
        (
            'vip: "true"',
            'vip: "yes"',
            ["11: flows.bank.nodes.language.menu.keys.2.set.vip: 'vip' holds flag: write it as 'true'"],
        ),
        (
            'tries: "2"',
            'tries: "two"',
            [
                "40: flows.bank.nodes.later.set.tries: 'tries' holds number, and 'two' is none: a number is digits, with a point before decimals"
            ],
        ),
        (
            "due: '2026-11-29'",
            'due: "29.11."',
            [
                "43: flows.bank.nodes.agent.go.set.due: 'due' holds date, and '29.11.' is none: Invalid isoformat string: '29.11.'"
            ],
        ),
        (
            '"{account} {balance}"',
            '"{account} {pin}"',
            [
                "40: flows.bank.nodes.later.set.note: 'pin' is sensitive, so that only lookups may be given it, and alone: give: {name: \"{pin}\"}"
            ],
        ),
        (
            'pin: "{pin}"',
            'pin: "x{pin}"',
            [
                "26: flows.bank.nodes.get.fetch.give.pin: 'pin' is sensitive, so that only lookups may be given it, and alone: give: {name: \"{pin}\"}"
            ],
        ),
        (
            "attributes.vip",
            "'pin' in attributes",
            [
                "36: flows.bank.nodes.decide.decide[0].when: 'pin' is sensitive, so that only lookups may be given it, and alone: give: {name: \"{pin}\"}"
            ],
        ),
        (
            "{digits: account}, {en: If",
            "{digits: pin}, {en: If",
            [
                "18: flows.bank.nodes.account.collect.confirm.say[0]: 'pin' is sensitive, so that only lookups may be given it, and alone: give: {name: \"{pin}\"}"
            ],
        ),
        (
            "      bye: {end: done}",
            "      bye: {end: done}\n      ask: {fetch: {lookup: x, give: {pin: '{pin}'}, then: bye, failed: bye}}",
            [
                "55: flows.after.nodes.ask.fetch.give.pin: 'pin' is sensitive, and forgotten as the caller leaves the flow that collects it; let that flow call this one, or collect it here",
                "55: flows.after.nodes.ask: nothing leads to this node; let another one do, or take it away",
            ],
        ),
        (
            "good: {end: good}",
            "good: {fetch: {lookup: x, give: {pin: '{pin}'}, then: bad, failed: ok}}\n      ok: {end: good}",
            [],
        ),
        (
            "Thank you {account}.",
            "Thank you {pin}.",
            [
                "53: flows.after.nodes.rate.collect.say: 'pin' is sensitive, so that only lookups may be given it, and alone: give: {name: \"{pin}\"}"
            ],
        ),
        (
            "into: rating,",
            "into: pin,",
            [
                "53: flows.after.nodes.rate.collect.into: 'pin' is what a node collects as sensitive digits; take another attribute here"
            ],
        ),
        (
            "attributes.balance > 1000",
            "attributes.account > 1000",
            [
                "36: flows.bank.nodes.decide.decide[0].when: 'attributes.account > 1000': with account 1 (digits): No such overload: the operation is not defined for the given operand"
            ],
        ),
        (
            "attributes.balance > 1000",
            "attributes.account == 1000",
            [
                "36: flows.bank.nodes.decide.decide[0].when: 'attributes.account == 1000': 'account' holds digits, and is never 1000; compare it with '1000' in quotes"
            ],
        ),
        (
            "attributes.balance > 1000",
            "attributes.balance + 1 > 1000",
            [
                "36: flows.bank.nodes.decide.decide[0].when: 'attributes.balance + 1 > 1000': with balance 1.50 (money): Unsupported operation: float + int; convert one by int(x),"
            ],
        ),
        (
            "attributes.brand == 'red'",
            "attributes.brand == 3",
            [
                "37: flows.bank.nodes.decide.decide[1].when: 'attributes.brand == 3': 'brand' holds text, as nothing is told of it under the flow's attributes, and is never 3; compare it"
            ],
        ),
        (
            "queues.sales.free",
            "queues.sale.free",
            [
                "37: flows.bank.nodes.decide.decide[1].when: \"queues.sale.free > 0 && calendars.office && attributes.brand == 'red'\": there is no queue 'sale'; did you mean 'sales'?"
            ],
        ),
        (
            "queues.sales.free",
            "queues.sales.fre",
            [
                "37: flows.bank.nodes.decide.decide[1].when: \"queues.sales.fre > 0 && calendars.office && attributes.brand == 'red'\": there is no 'fre' to a queue; did you mean 'free'?"
            ],
        ),
        ("queues.sales.free", "queues[attributes.brand + '-' + attributes.account].free", []),
        ("queues.sales.free", "queues[queues.sales.open ? 'sales' : customer.tier].free", []),
        (
            "queues.sales.free > 0",
            "('sales' in queues || attributes.brand in queues && queues[attributes.brand].open)",
            [],
        ),
        (
            "queues.sales.free",
            "queues[attributes.brand].fre",
            [
                "37: flows.bank.nodes.decide.decide[1].when: \"queues[attributes.brand].fre > 0 && calendars.office && attributes.brand == 'red'\": there is no 'fre' to a queue; did you mean 'free'?"
            ],
        ),
        (
            "queues.sales.free",
            "queues[attributes.brnd].free",
            [
                "37: flows.bank.nodes.decide.decide[1].when: nothing sets the attribute 'brnd', nor does the flow name it under its attributes; did you mean 'brand'?"
            ],
        ),
        (
            "queues.sales.free",
            "queues[attributes.tries].free",
            [
                "37: flows.bank.nodes.decide.decide[1].when: \"queues[attributes.tries].free > 0 && calendars.office && attributes.brand == 'red'\": with tries 1 (number): attributes.tries gives 1, and the name of one of the queues is text; write string(attributes.tries)"
            ],
        ),
        (
            "queues.sales.free > 0",
            "'sale' in queues",
            [
                "37: flows.bank.nodes.decide.decide[1].when: \"'sale' in queues && calendars.office && attributes.brand == 'red'\": there is no queue 'sale'; did you mean 'sales'?"
            ],
        ),
        (
            "queues.sales.free > 0",
            "attributes.brand in queues && size(calendars) > 0",
            [
                "37: flows.bank.nodes.decide.decide[1].when: \"attributes.brand in queues && size(calendars) > 0 && calendars.office && attributes.brand == 'red'\": calendars are looked at one by one: name one, calendars.x, or give its name, calendars[attributes.x]",
                "37: flows.bank.nodes.decide.decide[1].when: \"attributes.brand in queues && size(calendars) > 0 && calendars.office && attributes.brand == 'red'\": queues are looked at one by one: name one, queues.x, or give its name, queues[attributes.x]",
            ],
        ),
        (
            "queues.sales.free > 0",
            "['sales'].exists(q, queues[q].open)",
            [
                "37: flows.bank.nodes.decide.decide[1].when: \"['sales'].exists(q, queues[q].open) && calendars.office && attributes.brand == 'red'\": there is no 'q' to name one of the queues by"
            ],
        ),
        (
            "calendars.office",
            "calendars['shop']",
            [
                "37: flows.bank.nodes.decide.decide[1].when: \"queues.sales.free > 0 && calendars['shop'] && attributes.brand == 'red'\": there is no calendar 'shop'; there is: office"
            ],
        ),
        (
            "attributes.brand == 'red'",
            "attributes.brand = 'red'",
            [
                "37: flows.bank.nodes.decide.decide[1].when: \"queues.sales.free > 0 && calendars.office && attributes.brand = 'red'\" is no CEL expression: Failed to parse expression"
            ],
        ),
        (
            "queues.sales.free > 0",
            "queues.sales.free >",
            [
                "37: flows.bank.nodes.decide.decide[1].when: \"queues.sales.free > && calendars.office && attributes.brand == 'red'\" is no CEL expression: Failed to parse expression"
            ],
        ),
        (
            "say: {en: Welcome., zh: 欢迎。}",
            "say: {en: Welcome.}",
            ["7: flows.bank.nodes.welcome.say: is not given in 'zh', which is a language of this flow"],
        ),
        (
            "say: {en: Welcome., zh: 欢迎。}",
            "say: Welcome.",
            ["7: flows.bank.nodes.welcome.say: is the same in en and zh; give a text for each: {en: …, zh: …}"],
        ),
        ("say: {en: Welcome., zh: 欢迎。}", "say: '{account} 1'", []),
        (
            "say: {en: Welcome., zh: 欢迎。}",
            "say: {en: Welcome., zh: 欢迎。, de: Willkommen.}",
            ["7: flows.bank.nodes.welcome.say: 'de' is no language of this flow; those are: en, zh"],
        ),
        (
            "note: {language: en",
            "note: {language: fr",
            ["42: flows.bank.nodes.note.language: 'fr' is no language of this flow; those are: en, zh"],
        ),
        (
            "account, language: en}",
            "account, language: fr}",
            ["11: flows.bank.nodes.language.menu.keys.1.language: 'fr' is no language of this flow; those are: en, zh"],
        ),
        (
            "currency: EUR",
            "currency: XYZ",
            [
                "32: flows.bank.nodes.tell.say[1]: the currency 'XYZ' can't be said; these can: AUD, BHD, CAD, CHF, CNY, CZK, DKK, EUR, GBP, HKD, INR, JOD, JPY, KRW, KWD, NOK, NZD, OMR, PLN, SEK, SGD, TND, TWD,"
            ],
        ),
        (
            "Press 1 or 2.",
            "Press 1 or press the star.",
            ["47: flows.ask.nodes.ask.menu.say: callers are told to press *, which does nothing here; keys: 1 2"],
        ),
        ("Press 1 or 2.", "Press one of the two keys 1 and 2. Press any key.", []),
        ("英语请按一。", "请按一下1号键。请按一下键盘。请按一个键。", []),
        (
            "英语请按一。",
            "请按一下井号键。",
            [
                "10: flows.bank.nodes.language.menu.say[0].zh: callers are told to press #, which does nothing here; keys: 1 2"
            ],
        ),
        (
            "say: {en: Your number., zh: 号码。}",
            "say: {en: 'Your number, { ani}.', zh: '号码 {ani}。'}",
            [
                "16: flows.bank.nodes.account.collect.say: has a brace that would be read out; what is filled in is written {name}, without blanks"
            ],
        ),
        (
            "英语请按一。",
            "英语请按九。",
            [
                "10: flows.bank.nodes.language.menu.say[0].zh: callers are told to press 9, which does nothing here; keys: 1 2"
            ],
        ),
        (
            "If right press one.",
            "If right press 3.",
            [
                "18: flows.bank.nodes.account.collect.confirm.say[1].en: callers are told to press 3, which does nothing here; keys: 1 2"
            ],
        ),
        (
            "  ask:\n    start",
            "  ask@0123456789ab:\n    start",
            [
                "41: flows.bank.nodes.sub.call: there is no flow 'ask'; there is: after, ask@0123456789ab, bank",
                "44: flows.ask@0123456789ab: a flow's name has no @: what follows it is a version, which ctid itself gives",
            ],
        ),
    ],
)
def test_each_fault_has_its_place(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    assert FLOWS.count(old) == 1
    found = faults(tmp_path, SITE_ALONE, FLOWS.replace(old, new))
    assert len(found) == len(expected), found
    for fault, start in zip(found, expected, strict=True):
        assert fault.startswith(start), fault


# ---- with the daemon's part, and sounds ----------------------------------------------------------------------

DAEMON = """\
pbxes:
  main: {ami: {host: 127.0.0.1, username: ctid, secret: demo-only-secret}}
api: {token_secret: demo-only-token-secret-0123456789abcdef}
"""
SOUNDING = """\
flows:
  hello:
    start: hello
    languages: [en, zh]
    nodes:
      hello: {say: [{prompt: ctid/hello}, {prompt: beep}], then: bye}
      bye: {go: {hangup: true, play: [goodbye]}}
"""


def whole_faults(tmp_path: Path, flows: str) -> list[str]:
    site = SITE_ALONE.replace("flow: bank", "flow: hello").replace(", survey: after", "")
    (tmp_path / "all.yaml").write_text(site + DAEMON + flows)
    try:
        load_config(tmp_path / "all.yaml", check=faulty_flows)
    except ConfigError as error:
        return [fault.removeprefix(f"{tmp_path}/") for fault in error.faults]
    return []


def test_sounds_are_looked_for_in_the_languages_of_the_flow(tmp_path: Path) -> None:
    assert whole_faults(tmp_path, SOUNDING) == []
    sounds = tmp_path / "sounds"
    told = SOUNDING + f"sounds: [{sounds}]\n"
    assert [fault for fault in whole_faults(tmp_path, told) if "no folder" in fault] == [
        f"all.yaml:16: sounds[0]: there is no folder {sounds}"
    ]
    for name in ("en/ctid/hello.wav", "zh/ctid/hello.sln16", "beep.wav"):
        (sounds / name).parent.mkdir(parents=True, exist_ok=True)
        (sounds / name).write_bytes(b"")
    assert whole_faults(tmp_path, told) == [
        f"all.yaml:15: flows.hello.nodes.bye.go.play[0]: there is no sound 'goodbye' for en in {sounds}"
    ]
    (sounds / "goodbye.gsm").write_bytes(b"")
    assert whole_faults(tmp_path, told) == []
    (sounds / "zh/ctid/hello.sln16").unlink()
    assert whole_faults(tmp_path, told) == [
        f"all.yaml:14: flows.hello.nodes.hello.say[0].prompt: there is no sound 'ctid/hello' for zh in {sounds}"
    ]


def test_sounds_of_announcements_are_looked_for_too() -> None:
    queue = {"waiting": {"offer": [{"prompt": "beep"}], "messages": [{"prompt": "none"}, "Text."]}}
    assert list(faulty_sounds({"sounds": [str(Path(__file__).parent)], "queues": {"sales": queue}})) == [
        (("queues", "sales", "waiting", *where), f"there is no sound {name!r} in {Path(__file__).parent}")
        for where, name in ((("offer", 0, "prompt"), "beep"), (("messages", 0, "prompt"), "none"))
    ]


def test_what_is_recorded_needs_a_place(tmp_path: Path) -> None:
    record = "hello: {record: {into: why, then: bye, failed: bye}}\n      bye: {go: {hangup: true}}\n"
    flows = SOUNDING[: SOUNDING.index("hello: {say")] + record
    assert whole_faults(tmp_path, flows) == [
        "all.yaml:14: flows.hello.nodes.hello.record: there is no section recordings, which says where they are kept"
    ]


def test_voices_and_grammars() -> None:
    flows = {
        "hello": {
            "start": "hello",
            "languages": ["en-GB", "de"],
            "nodes": {
                "hello": {"say": [{"en-GB": "You are", "de": "Sie sind"}, {"ordinal": "last_agent"}], "then": "bye"},
                "bye": {"end": "done"},
            },
        }
    }
    said_in = (("flows", "hello", "languages", 1), "values that are said can't be said in 'de'; they can in: en, zh")
    assert list(faulty_flows({"flows": flows})) == [said_in]
    assert list(faulty_flows({"flows": flows, "speech": {"voices": {"en": {}, "de": {}}}})) == [said_in]
    no_voice = "there is no voice for 'de' under speech.voices; there is: en"
    assert list(faulty_flows({"flows": flows, "speech": {"voices": {"en": {}}}})) == [said_in, (said_in[0], no_voice)]
    assert len(list(faulty_flows({"flows": flows, "speech": {}}))) == 2


def test_lookups_are_checked_where_the_configuration_tells_them() -> None:
    fetch = {"lookup": "order", "then": "bye", "failed": "bye"}
    flows = {"hello": {"start": "get", "nodes": {"get": {"fetch": fetch}, "bye": {"end": "done"}}}}
    assert list(faulty_flows({"flows": flows})) == []
    assert list(faulty_flows({"flows": flows, "lookups": {"order": {}}})) == []
    assert list(faulty_flows({"flows": flows, "lookups": {"orders": {}}})) == [
        (("flows", "hello", "nodes", "get", "fetch", "lookup"), "there is no lookup 'order'; did you mean 'orders'?")
    ]


def test_sensitive_digits_stand_in_no_url() -> None:
    collect = {"into": "pin", "sensitive": True, "say": "PIN.", "max": 4, "then": "sub", "otherwise": "bye"}
    fetch = {"lookup": "check", "give": {"pin": "{pin}", "ani": "{ani}"}, "then": "bye", "failed": "bye"}
    ends = {"bye": {"end": "done"}}
    flows = {
        "hello": {
            "start": "pin",
            "nodes": {"pin": {"collect": collect}, "sub": {"call": "get", "then": "bye"}, **ends},
        },
        "get": {"start": "get", "nodes": {"get": {"fetch": fetch}, **ends}},
    }
    posted = {"method": "POST", "url": "https://bank/{ani}", "json": {"pin": "{pin}"}}
    assert list(faulty_flows({"flows": flows, "lookups": {"check": {"http": posted}}})) == []
    for http in ({"url": "https://bank/{ani}/{pin}"}, {"url": "https://bank/{ani}", "query": {"p": "{pin}"}}):
        assert list(faulty_flows({"flows": flows, "lookups": {"check": {"http": http}}})) == [
            (
                ("flows", "get", "nodes", "get", "fetch", "give", "pin"),
                "'pin' is sensitive, and the lookup has pin in its URL, which servers log; let it POST it in its json",
            )
        ]


@pytest.mark.parametrize(
    "flows", [None, [], {"a": None}, {"a": {"nodes": 3}}, {"a": {"start": "b", "nodes": {"b": {}}}}]
)
def test_what_is_no_flow_at_all_is_left_to_the_form(flows: object) -> None:
    assert list(faulty_flows({"flows": flows})) == []
