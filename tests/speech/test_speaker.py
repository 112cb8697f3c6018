"""The speaker with engines that work: once for each text, recordings by people first, what is known beforehand kept."""

from __future__ import annotations

import asyncio
import csv
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ctid.errors import SpeechError
from ctid.model.speech import Speech
from ctid.spec.speech import SpeechSpec
from ctid.speech.shelf import Shelf
from ctid.speech.sources import recorded_name
from ctid.telemetry.metrics import Metrics
from sip_test_rig.eventually import eventually
from tests.speech.conftest import Running
from tests.speech.engines import Engine, sine
from tests.speech.test_wav import heard, level

HELLO = Speech(text="Hello there.", language="en")


def here(spec: SpeechSpec, file: str) -> Path:
    """The file that a PBX sees, as we see it."""
    assert file.startswith("/spool/speech/")
    return spec.folder / f"{file.removeprefix('/spool/speech/')}.wav"


def counted(metrics: Metrics, result: str, language: str = "en") -> float:
    return metrics.registry.get_sample_value("ctid_speech_total", {"language": language, "result": result}) or 0


@pytest.fixture
def private_umask() -> Iterator[None]:
    """As of a daemon that shows its files to nobody."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private_umask")
async def test_a_text_is_rendered_once_and_kept_over_a_restart(
    engine: Engine, running: Running, metrics: Metrics
) -> None:
    spec = engine.spec()
    async with running(spec) as speaker:
        first = await speaker.file("main", HELLO)
        assert await speaker.file("main", HELLO) == first
        assert level(heard(here(spec, first).read_bytes()), 440) == pytest.approx(0.5, abs=0.01)
        # Asterisk is another user.
        modes = [path.stat().st_mode & 0o777 for path in (spec.folder, spec.folder / "en", here(spec, first))]
        assert modes == [0o755, 0o755, 0o644]
    async with running(spec) as speaker:
        assert await speaker.file("main", HELLO) == first
    assert engine.texts == ["Hello there."]
    assert (counted(metrics, "rendered"), counted(metrics, "kept")) == (1, 2)
    assert [path.suffix for path in (spec.folder / "en").iterdir()] == [".wav"]


async def test_another_text_language_or_engine_is_another_file(engine: Engine, running: Running) -> None:
    spec = engine.spec(voices={"en": engine.voice, "zh": engine.voice})
    async with running(spec) as speaker:
        files = [
            await speaker.file("main", Speech(text=text, language=language))
            for text, language in [("一", "en"), ("一", "zh"), ("二", "zh")]
        ]
    other = ["sh", "-c", *engine.voice.command[2:], "slower"]
    async with running(engine.spec(voices={"zh": {"command": other}})) as speaker:
        files.append(await speaker.file("main", Speech(text="二", language="zh")))
    assert len(set(files)) == 4
    assert engine.texts == ["一", "一", "二", "二"]


async def test_a_variety_is_spoken_by_the_language_s_voice_unless_it_has_its_own(
    engine: Engine, running: Running
) -> None:
    async with running(engine.spec(voices={"en": engine.voice, "en-GB": engine.voice})) as speaker:
        files = {tag: await speaker.file("main", Speech(text="x", language=tag)) for tag in ("en", "en-US", "en_gb")}
        assert files["en"] == files["en-US"] != files["en_gb"]
        with pytest.raises(SpeechError, match="no voice for this language; there is: en, en-gb"):
            await speaker.file("main", Speech(text="x", language="de"))
        with pytest.raises(SpeechError, match="no folder for speech"):
            await speaker.file("other", HELLO)


async def test_a_hundred_who_want_the_same_new_text_share_one_rendering(engine: Engine, running: Running) -> None:
    engine.becomes('sleep 0.2; cat "$good" >"$0"')
    async with running(engine.spec()) as speaker:
        files = await asyncio.gather(*(speaker.file("main", HELLO) for _ in range(100)))
    assert len(set(files)) == 1
    assert engine.texts == ["Hello there."]


async def test_who_hangs_up_takes_it_from_nobody(engine: Engine, running: Running) -> None:
    engine.becomes(f'until [ -e {engine.spec().folder}/go ]; do sleep 0.02; done; cat "$good" >"$0"')
    async with running(engine.spec()) as speaker:
        waiting = [asyncio.create_task(speaker.file("main", HELLO)) for _ in range(3)]
        await eventually(lambda: engine.texts == ["Hello there."], "the engine runs")
        waiting[0].cancel()
        (engine.spec().folder / "go").touch()
        assert await waiting[1] == await waiting[2]
    assert engine.texts == ["Hello there."]


async def test_engines_run_side_by_side_but_not_more_than_allowed(
    engine: Engine, running: Running, tmp_path: Path
) -> None:
    # None ends before three have met.
    engine.becomes(f'mkdir -p {tmp_path}/at; touch {tmp_path}/at/$$; met=$(ls {tmp_path}/at | wc -l); '
                   f'echo $met >>{tmp_path}/peak; [ $met -lt 3 ] || touch {tmp_path}/three; '
                   f'until [ -e {tmp_path}/three ]; do sleep 0.02; done; '
                   f'sleep 0.1; rm {tmp_path}/at/$$; cat "$good" >"$0"')  # fmt: skip
    async with running(engine.spec(parallel=3)) as speaker:
        await asyncio.gather(*(speaker.file("main", Speech(text=str(n), language="en")) for n in range(12)))
    peaks = [int(line) for line in (tmp_path / "peak").read_text().split()]
    assert len(peaks) == 12
    assert max(peaks) == 3


async def test_a_recording_by_people_goes_before_the_engine(
    engine: Engine, running: Running, metrics: Metrics, tmp_path: Path
) -> None:
    spec = engine.spec(recorded=tmp_path / "recorded")
    path = tmp_path / "recorded" / recorded_name("en", HELLO.text)
    path.parent.mkdir(parents=True)
    async with running(spec) as speaker:
        rendered = await speaker.file("main", HELLO)
        path.write_bytes(sine(1_000, rate=44_100))
        recorded = await speaker.file("main", HELLO)
        assert level(heard(here(spec, recorded).read_bytes()), 1_000) == pytest.approx(0.5, abs=0.01)
        path.write_bytes(sine(1_200, rate=44_100))
        os.utime(path, ns=(1, 1))
        again = await speaker.file("main", HELLO)
        assert level(heard(here(spec, again).read_bytes()), 1_200) == pytest.approx(0.5, abs=0.01)
        path.write_bytes(b"garbage")
        assert await speaker.file("main", HELLO) == rendered
        assert await speaker.file("main", HELLO) == rendered
        path.unlink()
        assert await speaker.file("main", HELLO) == rendered
    assert engine.texts == ["Hello there."]
    assert counted(metrics, "recorded") == 2


async def test_what_is_known_beforehand_is_ready_when_somebody_calls(
    engine: Engine, running: Running, metrics: Metrics, tmp_path: Path
) -> None:
    spec = engine.spec(recorded=tmp_path / "recorded")
    known = [Speech(text=text, language="en") for text in ("Welcome.", 'He said, "no".', "Goodbye.")]
    async with running(spec) as speaker:
        speaker.prepare([*known, Speech(text="Hallo", language="de")])
        await eventually(lambda: counted(metrics, "rendered") == 3, "all are rendered")
        for speech in known:
            await speaker.file("main", speech)
        assert counted(metrics, "kept") == 3
        table = tmp_path / "recorded/texts.csv"
        with table.open(newline="", encoding="utf-8") as file:
            assert list(csv.DictReader(file)) == [
                {"text": speech.text, "file": recorded_name("en", speech.text)} for speech in known
            ]
        speaker.prepare([*known, HELLO])
        await eventually(lambda: counted(metrics, "rendered") == 4, "the new one is rendered, too")
    assert len(engine.texts) == 4


async def test_what_could_not_be_prepared_is_tried_again(engine: Engine, running: Running, metrics: Metrics) -> None:
    engine.becomes("exit 1")
    async with running(engine.spec(), rest_seconds=0.05, again_seconds=0.1) as speaker:
        speaker.prepare([HELLO])
        await eventually(lambda: len(engine.texts) >= 2, "it is tried again")
        engine.becomes('cat "$good" >"$0"')
        await eventually(lambda: counted(metrics, "rendered") == 1, "it is rendered in the end")


@pytest.mark.parametrize("text", ["", " \n", "x" * 4_001])
async def test_texts_that_are_none_reach_no_engine(engine: Engine, running: Running, text: str) -> None:
    async with running(engine.spec()) as speaker:
        with pytest.raises(SpeechError):
            await speaker.file("main", Speech(text=text, language="en"))
    assert engine.texts == []


async def test_a_file_that_somebody_took_away_is_made_again(engine: Engine, running: Running) -> None:
    spec = engine.spec()
    async with running(spec) as speaker:
        file = await speaker.file("main", HELLO)
        here(spec, file).unlink()
        assert await speaker.file("main", HELLO) == file
        assert here(spec, file).exists()


def put(shelf: Shelf, name: str, size: int = 100) -> list[str]:
    shelf.put(name, bytes(size))
    return [path.stem for path in shelf.keep(name, size)]


def has(shelf: Shelf, name: str) -> bool:
    return shelf.seen(name, shelf.look(name))


def test_what_was_not_used_for_longest_makes_room_and_what_is_known_stays(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 300, in_use_seconds=0)
    shelf.stay({"en/known"})
    assert [put(shelf, f"en/{name}") for name in ("known", "a", "b", "c")] == [[], [], [], []]
    assert has(shelf, "en/a")
    assert put(shelf, "en/d") == ["b"]
    assert put(shelf, "en/e", 250) == ["c", "a", "d"]
    assert has(shelf, "en/known")
    shelf.stay(set())
    assert put(shelf, "en/f", 50) == ["e"]


def test_what_may_be_about_to_be_played_stays(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 100)
    assert [put(shelf, f"en/{name}") for name in "abc"] == [[], [], []]


def test_the_next_start_knows_what_was_used_last(tmp_path: Path) -> None:
    before = Shelf(tmp_path, 300, in_use_seconds=0)
    for name in "abc":
        put(before, f"en/{name}")
    assert has(before, "en/a")
    for name in ("left", "just-begun"):
        (tmp_path / f"en/.draft-{name}.wav").write_bytes(b"half")
    os.utime(tmp_path / "en/.draft-left.wav", (1, 1))
    after = Shelf(tmp_path, 300, in_use_seconds=0)
    after.take_stock(after.found())
    assert put(after, "en/d") == ["b"]
    assert not (tmp_path / "en/.draft-left.wav").exists()
    assert (tmp_path / "en/.draft-just-begun.wav").exists()
