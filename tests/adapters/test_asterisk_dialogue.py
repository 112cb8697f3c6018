"""What a real Asterisk does when a command comes while it plays or waits for a key, and how it tells a hang-up."""

from __future__ import annotations

import asyncio
import random

import pytest

from ctid.model.commands import AnswerLeg, AwaitKey, CutPrompts, PlayAndCollect, PlayMusic, ReleaseLeg
from ctid.model.events import AgiEnded, CallArrived, CollectEnd, DigitsCollected
from sip_test_rig import tones
from sip_test_rig.eventually import eventually
from sip_test_rig.phone import Phone, PhoneCall
from tests.adapters.test_asterisk_facts import DNIS, RELEASES, Pbx, pbx

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

PROMPT_HZ, OTHER_HZ = 950.0, 1250.0
PROMPT_SECONDS = 90.0
SOUNDS = {
    "long": tones.to_wav(tones.tone(PROMPT_HZ, PROMPT_SECONDS)),
    "other": tones.to_wav(tones.tone(OTHER_HZ, 0.5)),
}


class Caller:
    """A phone outside whose call is answered, and its session."""

    def __init__(self, a: Pbx, talk: PhoneCall, unique_id: str) -> None:
        self.a, self.talk, self.unique_id = a, talk, unique_id

    @classmethod
    async def of(cls, a: Pbx, phone: Phone) -> Caller:
        before = len(a.seen.all(CallArrived))
        talk = await phone.call(DNIS)
        unique_id = (await a.seen.several(CallArrived, before + 1))[-1].unique_id
        a.agi.execute(AnswerLeg(pbx="a", unique_id=unique_id))
        await talk.until("answered")
        return cls(a, talk, unique_id)

    def say(self, token: str, *prompts: str, timeout_ms: int = 0) -> None:
        self.a.agi.execute(
            PlayAndCollect(
                pbx="a",
                unique_id=self.unique_id,
                token=token,
                prompts=list(prompts),
                accept="12",
                timeout_ms=timeout_ms,
            )
        )

    def listen(self, token: str, *, music: bool = True) -> None:
        if music:
            self.a.agi.execute(PlayMusic(pbx="a", unique_id=self.unique_id, music_class="default"))
        self.a.agi.execute(AwaitKey(pbx="a", unique_id=self.unique_id, token=token, accept="12", for_ms=60_000))

    async def told(self, token: str, digits: str, ended_by: CollectEnd) -> None:
        """What came of a command, long before the prompt or the look could have ended by themselves."""
        expected = DigitsCollected(pbx="a", unique_id=self.unique_id, token=token, digits=digits, ended_by=ended_by)
        assert await self.a.seen.first(DigitsCollected, token=token) == expected


@pytest.mark.parametrize("release", RELEASES)
async def test_a_prompt_and_a_look_for_a_key_are_cut_short_at_once(release: str) -> None:
    async with pbx(release, sounds=SOUNDS) as a, Phone.outside(a.asterisk) as phone:
        caller = await Caller.of(a, phone)
        caller.say("announcement", "long", "other")
        await caller.talk.until_heard(PROMPT_HZ, 0.3)
        a.agi.execute(CutPrompts(pbx="a", unique_id=caller.unique_id, token="announcement"))
        await caller.told("announcement", "", CollectEnd.TIMEOUT)
        caller.listen("music")
        await caller.talk.until_heard(tones.MUSIC_HZ, 0.3)
        known = (PROMPT_HZ, OTHER_HZ, tones.MUSIC_HZ)
        assert OTHER_HZ not in tones.heard(caller.talk.media.recording(), known)
        caller.talk.media.forget()
        await caller.talk.until_heard(tones.MUSIC_HZ, 1.0)
        assert set(tones.heard(caller.talk.media.recording(), known)) == {tones.MUSIC_HZ}
        caller.say("next", "other")
        await caller.told("next", "", CollectEnd.TIMEOUT)
        await caller.talk.until_heard(OTHER_HZ, 0.3)
        # Asterisk reads together what was said while it had no time, and sees nothing of the second.
        a.asterisk.pause()
        caller.say("together", "long")
        dialogue = a.agi._sessions["a", caller.unique_id]._dialogue
        await eventually(lambda: dialogue._can_be_cut, "it is told to play")
        a.agi.execute(CutPrompts(pbx="a", unique_id=caller.unique_id, token="together"))
        a.asterisk.resume()
        await caller.told("together", "", CollectEnd.TIMEOUT)
        a.asterisk.pause()
        caller.listen("not for long", music=False)
        await eventually(lambda: dialogue._can_be_cut, "it is told to listen")
        caller.say("after it", "other")
        a.asterisk.resume()
        await caller.told("after it", "", CollectEnd.TIMEOUT)
        # Keys do as ever what they do.
        caller.say("key", "long")
        caller.talk.media.forget()
        await caller.talk.until_heard(PROMPT_HZ, 0.3)
        caller.talk.press("2")
        await caller.told("key", "2", CollectEnd.DIGITS)
        caller.listen("again")
        caller.talk.media.forget()
        # A key that comes between the answer to one command and the next is nobody's.
        await caller.talk.until_heard(tones.MUSIC_HZ, 0.3)
        caller.talk.press("1")
        await caller.told("again", "1", CollectEnd.DIGITS)
        a.agi.execute(ReleaseLeg(pbx="a", unique_id=caller.unique_id, next="hangup"))
        await caller.talk.until("ended")


@pytest.mark.parametrize("release", RELEASES)
async def test_a_hang_up_at_any_moment_is_no_prompt_that_failed_and_no_key_that_did_not_come(release: str) -> None:
    chance = random.Random(1)
    async with pbx(release, sounds=SOUNDS) as a, Phone.outside(a.asterisk) as phone:
        for number in range(12):
            caller = await Caller.of(a, phone)
            match number % 3:
                case 0:
                    caller.say(str(number), "long")
                case 1:
                    caller.say(str(number), timeout_ms=60_000)
                case _:
                    caller.listen(str(number))
            await asyncio.sleep(chance.choice([0.0, 0.002, 0.3]))
            caller.talk.hang_up()
            await a.seen.first(AgiEnded, unique_id=caller.unique_id)
        assert a.seen.all(DigitsCollected) == []
