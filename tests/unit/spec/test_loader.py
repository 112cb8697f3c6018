"""The configuration's faults: each with file, line and key, all at once."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from ctid.errors import ConfigError
from ctid.spec.condition import compiled
from ctid.spec.loader import load_config
from ctid.spec.references import destination_at

pytestmark = pytest.mark.unit

GOOD = """\
site: demo
country: DE
skills: [sales]
dispositions: {solved: Solved}
calendars:
  office: {timezone: Europe/Berlin, hours: {mon-fri: ["08:00-20:00"]}, holidays: DE-BE}
entries:
  hotline: {dnis: "100", calendar: office, open: {menu: main}, closed: {hangup: true}}
menus:
  main:
    prompts: [welcome]
    keys:
      1: {queue: sales}
    otherwise: {queue: sales}
queues:
  sales:
    steps: [{skills: {sales: 5}}]
    overflow:
      - {wait_seconds: 60, to: {hangup: true}}
agents:
  alice: {name: Alice, device: PJSIP/1001, pbx: main, skills: {sales: 8}}
pbxes:
  main: {ami: {host: 127.0.0.1, username: ctid, secret: demo-only-secret}}
api: {token_secret: demo-only-token-secret-0123456789abcdef}
"""


def faults(tmp_path: Path, *texts: str | bytes) -> list[str]:
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert str(caught.value) == "\n".join(caught.value.faults)
    return [fault.removeprefix(f"{tmp_path}/") for fault in caught.value.faults]


def test_the_demo_and_one_file_load(tmp_path: Path) -> None:
    assert load_config(Path("config/demo")).site.site == "demo"
    (tmp_path / "all.yaml").write_text(GOOD)
    config = load_config(tmp_path / "all.yaml")
    assert list(config.site.flows["main"].nodes) == ["menu", "key-1", "otherwise"]
    assert config.daemon.pbxes["main"].ami.secret.get_secret_value() == "demo-only-secret"
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    assert load_config(tmp_path).site == config.site


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("site: demo", "sight: demo", "0.yaml:1: sight: is not known; there is: agents, agi, api, calendars"),
        ("site: demo\n", "", "0.yaml:1: site: is needed and missing"),
        ("country: DE", "country: XX", "0.yaml:2: country: 'XX' is no country with a numbering plan"),
        ("country: DE", "country: DE\ncountry: FR", "0.yaml:3: country: is given twice"),
        ('dnis: "100"', "dnis: 100", "0.yaml:8: entries.hotline.dnis: Input should be a valid string"),
        (
            'dnis: "100"',
            'dnis: "10("',
            "0.yaml:8: entries.hotline.dnis: '10(' is no regular expression: unclosed group",
        ),
        ('dnis: "100"', 'dnis: "1)|(2"', "0.yaml:8: entries.hotline.dnis: '1)|(2' is no regular expression: unopened"),
        ('dnis: "100"', 'dnis: "(?!0).*"', "0.yaml:8: entries.hotline.dnis: '(?!0).*' is no regular expression: look"),
        ("calendar: office, ", "calendar: shop, ", "0.yaml:8: entries.hotline.calendar: there is no calendar 'shop'"),
        (", closed: {hangup: true}", "", "0.yaml:8: entries.hotline: an entry with a calendar needs closed"),
        ("open: {menu: main}", "open: {menu: maim}", "0.yaml:8: entries.hotline.open.menu: there is no menu 'maim'"),
        ("{menu: main}", "{menu: main, hangup: true}", "0.yaml:8: entries.hotline.open: give exactly one of menu"),
        ("{menu: main}", "{}", "0.yaml:8: entries.hotline.open: give exactly one of menu"),
        ("1: {queue: sales}", "1: {queue: sail}", "0.yaml:13: menus.main.keys.1.queue: there is no queue 'sail'"),
        (
            "1: {queue: sales}",
            "12: {queue: sales}",
            "0.yaml:13: menus.main.keys.12: a key is one of 0 to 9, * and #, not '12'",
        ),
        (
            "1: {queue: sales}",
            '1: {queue: sales}\n      "1": {hangup: true}',
            "0.yaml:14: menus.main.keys.1: is given twice",
        ),
        ("[welcome]", "[]", "0.yaml:11: menus.main.prompts: List should have at least 1 item"),
        ("[welcome]", '["wel come"]', "0.yaml:11: menus.main.prompts[0]: a sound's name has letters"),
        (
            "[welcome]",
            "[hi/welcome.wav]",
            "0.yaml:11: menus.main.prompts[0]: Asterisk adds the extension itself: 'hi/welcome'",
        ),
        ("[{skills: {sales: 5}}]", "[{skills: {sale: 5}}]", "0.yaml:17: queues.sales.steps[0].skills.sale: there is"),
        ("{sales: 5}}]", "{sales: 11}}]", "0.yaml:17: queues.sales.steps[0].skills.sales: Input should be less"),
        (
            "[{skills: {sales: 5}}]",
            "[{skills: {sales: 5}}, {after_seconds: 9, skills: {sales: 6}}]",
            "0.yaml:16: queues.sales: steps only widen: whoever meets the step after 9 s meets",
        ),
        (
            "[{skills: {sales: 5}}]",
            "[{}, {}]",
            "0.yaml:16: queues.sales: a later step needs after_seconds, expected_wait_seconds or both",
        ),
        ("[{skills:", "[{after_seconds: 1, skills:", "0.yaml:16: queues.sales: the first step must be in force"),
        (
            "wait_seconds: 60, ",
            "",
            "0.yaml:19: queues.sales.overflow[0]: give exactly one of wait_seconds, waiting and",
        ),
        ("wait_seconds: 60", "wait_seconds: soon", "0.yaml:19: queues.sales.overflow[0].wait_seconds: Input should be"),
        ("name: Alice", "name: Alice, nick: Al", "0.yaml:21: agents.alice.nick: is not known here"),
        ("PJSIP/1001", "Local/1001", "0.yaml:21: agents.alice.device: String should match pattern"),
        ("pbx: main", "pbx: mane", "0.yaml:21: agents.alice.pbx: there is no pbx 'mane'; did you mean 'main'?"),
        (
            "skills: {sales: 8}}",
            "skills: {sales: 8}}\n  bob: {name: Bob, device: PJSIP/1001, pbx: main}",
            "0.yaml:22: agents.bob.device: PJSIP/1001 is the phone of agent 'alice' already",
        ),
        ("Europe/Berlin", "Europe/Berlim", "0.yaml:6: calendars.office.timezone: there is no time zone"),
        ("Europe/Berlin", "../etc", "0.yaml:6: calendars.office.timezone: there is no time zone"),
        ("08:00-20:00", "8-20", "0.yaml:6: calendars.office.hours: '8-20' is no span of time"),
        ("08:00-20:00", "08:00-25:00", "0.yaml:6: calendars.office.hours: '08:00-25:00' is no span of time: hour"),
        ("08:00-20:00", "20:00-08:00", "0.yaml:6: calendars.office.hours: '20:00-08:00' ends before it begins"),
        ("mon-fri", "mon-fry", "0.yaml:6: calendars.office.hours: 'mon-fry' names no weekdays"),
        ("mon-fri", "sat-mon", "0.yaml:6: calendars.office.hours: 'sat-mon' runs backwards"),
        ("DE-BE", "QQ", "0.yaml:6: calendars.office.holidays: no holidays are known for 'QQ'"),
        ("DE-BE", "DE-QQ", "0.yaml:6: calendars.office.holidays: DE has no subdivision 'QQ'"),
        ("holidays: DE-BE", "exceptions: {2026-12-24: [noon]}", "0.yaml:6: calendars.office.exceptions: 'noon' is no"),
        ("holidays: DE-BE", "closed: [2026-02-30]", "0.yaml:6: calendars.office.closed[0]: is no value: day is out"),
        ("token_secret: demo-only-token-secret-0123456789abcdef", "token_secret: short", "0.yaml:24: api.token_secret"),
        ("secret: demo-only-secret", "secret: env:CTID_NO_SUCH", "0.yaml:23: pbxes.main.ami.secret: the environment"),
        ("secret: demo-only-secret", "secret: file:/no/such", "0.yaml:23: pbxes.main.ami.secret: cannot read /no/such"),
        (
            "pbxes:\n",
            "pbxes:\n  two: {ami: {host: 127.0.0.1, username: ctid, secret: demo-only-secret}}\n",
            "two pbxes name the same AMI host and port",
        ),
        ("entries:", "entries: [", "is not YAML"),
        ("[sales]", "!!python/object:os.system [sales]", "0.yaml:3: skills: the tag tag:yaml.org,2002:python/object"),
        ("[sales]", "[!secret x]", "0.yaml:3: is not YAML: could not determine a constructor"),
        ("site: demo", "site: demo\n? [a, b]\n: c", "0.yaml:2: ['a', 'b']: is not known"),
        ("skills: [sales]", "skills: none", "0.yaml:3: skills: Input should be a valid list"),
        ("agents:\n", "agents: []\nother:\n", "agents: Input should be a valid dictionary"),
    ],
)
def test_a_fault_names_its_place(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert GOOD.count(old) >= 1
    found = faults(tmp_path, GOOD.replace(old, new, 1))
    assert any(fault in each for each in found), found


def test_several_faults_come_at_once_in_order(tmp_path: Path) -> None:
    text = GOOD.replace("country: DE", "country: XX").replace("pbx: main", "pbx: mane")
    assert [fault.split(": ")[0] for fault in faults(tmp_path, text)] == ["0.yaml:2", "0.yaml:21"]


def test_two_files_add_up_but_never_say_the_same_twice(tmp_path: Path) -> None:
    more = "agents:\n  alice: {name: A, device: PJSIP/9, pbx: main}\n  bob: {name: B, device: PJSIP/2, pbx: main}\n"
    assert faults(tmp_path, GOOD, more + "site: other\n") == [
        f"1.yaml:2: agents.alice: is given already at {tmp_path}/0.yaml:21",
        f"1.yaml:4: site: is given already at {tmp_path}/0.yaml:1",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"site: caf\xe9\n", "1.yaml:1: is not UTF-8 (byte 9)"),
        (b"- a\n- b\n", "1.yaml:1: the file must be a mapping of keys"),
        (b"a: 'open\n", "1.yaml:2: is not YAML"),
        (b"a: \x00\n", "1.yaml:1: is not YAML"),
        (b"a: " + 3_000 * b"[" + 3_000 * b"]", "1.yaml:1: is nested too deeply to be read"),
        (b"a: 1\n---\nb: 2\n", "1.yaml:2: is not YAML"),
        (b"a: *nothing\n", "1.yaml:1: is not YAML: found undefined alias"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, text: bytes, fault: str) -> None:
    assert any(each.startswith(fault) for each in faults(tmp_path, GOOD, text))


def test_what_stands_in_a_file_that_is_no_yaml_is_not_missed_elsewhere(tmp_path: Path) -> None:
    flows = "flows:\n  bank: {start: bye, nodes: {bye: {end: done}}\n"
    found = faults(tmp_path, GOOD.replace("{menu: main}", "{flow: bank}", 1), flows)
    assert [fault[: fault.index("YAML") + 4] for fault in found] == ["1.yaml:3: is not YAML"]


@pytest.mark.parametrize(
    ("condition", "advice"),
    [
        ("ani = '1'", "token recognition error at: '= '; a comparison is written =="),
        ("ani == '1' and dnis != '=' ", "; and, or and not are written &&, || and !"),
        ("ani == 'a = b or c' &&", "mismatched input '<EOF>'"),
    ],
)
def test_a_condition_that_is_no_cel_is_told_what_would_be_right(condition: str, advice: str) -> None:
    with pytest.raises(ValueError, match="is no CEL expression") as refused:
        compiled(condition)
    assert str(refused.value).endswith(advice)


def test_no_file_at_all(tmp_path: Path) -> None:
    assert faults(tmp_path) == [f"{tmp_path}:1: has no *.yaml file"]
    with pytest.raises(ConfigError, match=r"nowhere.yaml:1: cannot be read: No such file"):
        load_config(tmp_path / "nowhere.yaml")


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTID_TEST_SECRET", "demo-only-from-environment")
    (tmp_path / "secret").write_text("demo-only-from-file-0123456789-abcdef\n")
    text = GOOD.replace("demo-only-secret", "env:CTID_TEST_SECRET")
    text = text.replace("demo-only-token-secret-0123456789abcdef", f"file:{tmp_path}/secret")
    (tmp_path / "site.yaml").write_text(text)
    daemon = load_config(tmp_path).daemon
    assert daemon.pbxes["main"].ami.secret.get_secret_value() == "demo-only-from-environment"
    assert daemon.api.token_secret.get_secret_value() == "demo-only-from-file-0123456789-abcdef"
    assert "demo-only" not in repr(daemon)


def test_places_of_destinations(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(GOOD)
    site = load_config(tmp_path).site
    nodes = "flows/main/nodes"
    there = ["entries/hotline/open", "entries/hotline/closed", f"{nodes}/key-1/go", f"{nodes}/otherwise/go"]
    assert all(destination_at(site, place) for place in [*there, "queues/sales/overflow/0/to"])
    gone = ["entries/x/open", "entries/x/closed", f"{nodes}/key-7/go", f"{nodes}/menu", "flows/x/nodes/a/go"]
    assert not any(destination_at(site, place) for place in [*gone, "queues/x/overflow", "nonsense"])


def test_a_strategy_there_is_not_is_named_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(GOOD.replace("sales: 5}}]\n", "sales: 5}}]\n    strategy: best\n"))
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, {"strategies": ["longest_idle", "round_robin"]})
    (fault,) = caught.value.faults
    assert "queues.sales.strategy: there is no strategy 'best'; there is: longest_idle, round_robin" in fault


KEY = base64.b64encode(bytes(32)).decode()
RECORDED = GOOD.replace("    overflow:", "    recording: {percent: 50, on_demand: true}\n    overflow:")
KEPT = "recordings: {folder: /var/lib/ctid/recordings, key: env:CTID_TEST_KEY}\n"
SPOOL = "recordings: {asterisk: /var/spool/asterisk/ctid, ctid: /mnt/pbx}"


def test_recordings_need_a_place_and_a_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTID_TEST_KEY", KEY)
    assert faults(tmp_path, RECORDED) == [
        "0.yaml:18: queues.sales.recording: there is no section recordings, which says where recordings are kept"
    ]
    assert faults(tmp_path, RECORDED + KEPT) == [
        "0.yaml:24: pbxes.main.recordings: is missing: the folder that this PBX writes recordings to"
    ]
    (tmp_path / "0.yaml").write_text(RECORDED.replace("main: {ami", f"main: {{{SPOOL}, ami") + KEPT)
    config = load_config(tmp_path)
    assert config.site.queues["sales"].recording is not None
    assert config.daemon.recordings is not None
    assert config.daemon.recordings.key is not None
    assert KEY not in repr(config.daemon)


@pytest.mark.parametrize(
    ("key", "what"),
    [
        (KEY, "the key stands elsewhere: give env:NAME or file:/path"),
        ("env:CTID_TEST_NO_KEY", "the environment has no variable CTID_TEST_NO_KEY"),
        ("env:CTID_TEST_KEY", "the key is not 32 bytes in base64; make one with: openssl rand -base64 32"),
    ],
)
def test_a_key_of_recordings_never_stands_in_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, what: str
) -> None:
    monkeypatch.setenv("CTID_TEST_KEY", "c2hvcnQ=")
    text = GOOD + f'recordings: {{folder: /var/lib/ctid/recordings, key: "{key}"}}\n'
    (fault,) = faults(tmp_path, text)
    assert fault.endswith(f"recordings.key: {what}")


def test_messages_need_a_section_a_place_and_somebody_they_are_for(tmp_path: Path) -> None:
    leads = GOOD.replace("closed: {hangup: true}", "closed: {voicemail: {agent: nobody}}")
    assert faults(tmp_path, leads) == [
        "0.yaml:8: entries.hotline.closed.voicemail.agent: there is no agent 'nobody'; there is: alice",
        "0.yaml:8: entries.hotline.closed.voicemail: there is no section voicemail, which says how callers leave "
        "messages; voicemail: {} will do",
    ]
    to_alice = leads.replace("nobody", "alice") + "voicemail: {}\n"
    assert faults(tmp_path, to_alice) == [
        "0.yaml:25: voicemail: there is no section recordings, which says where recordings are kept"
    ]
    both = leads.replace("{agent: nobody}", "{agent: alice, queue: sales}") + "voicemail: {}\n"
    assert "give exactly one of agent and queue" in " ".join(faults(tmp_path, both))
    whole = to_alice.replace("main: {ami", f"main: {{{SPOOL}, ami") + "recordings: {folder: /var/lib/ctid/recordings}\n"
    (tmp_path / "0.yaml").write_text(whole)
    assert load_config(tmp_path).site.voicemail is not None
    mailbox = GOOD.replace("closed: {hangup: true}", "closed: {voicemail: 9001@default}")
    (tmp_path / "0.yaml").write_text(mailbox)
    assert load_config(tmp_path).site.entries["hotline"].closed is not None
