"""Explanations in words: needs, what an agent lacks, times and measures, in the language that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from ctid.acd.explanation import Lack
from ctid.acd.needs import Need
from ctid.acd.phrases import CATALOGUES

_ATOM, _AND, _OR = range(3)


class Words:
    """Phrases of one language."""

    def __init__(self, language: str) -> None:
        self._phrases = CATALOGUES[language]

    def say(self, key: str, **values: object) -> str:
        """A phrase with its values."""
        return self._phrases[key].format(**values)

    def named(self, kind: str, name: str, **values: object) -> str:
        """The phrase for one of an open set of names; the name itself where nobody has put it into words."""
        phrase = self._phrases.get(f"{kind}.{name}")
        return name.replace("_", " ") if phrase is None else phrase.format(**values)

    def counted(self, key: str, n: int, **values: object) -> str:
        """A phrase about so many."""
        one = f"{key}.one"
        return self.say(one if n == 1 and one in self._phrases else key, n=n, **values)

    def join(self, how: str, parts: Iterable[str]) -> str:
        """Parts put together by ``and``, ``or``, ``else``, ``list``, ``units`` or ``sentences``."""
        return reduce(lambda one, two: self.say(how, one=one, two=two), parts)

    def time(self, ms: int) -> str:
        """A length of time, in its two greatest units."""
        seconds = abs(ms) // 1_000
        units = {"hours": seconds // 3_600, "minutes": seconds // 60 % 60, "seconds": seconds % 60}
        given = [self.say(unit, n=n) for unit, n in units.items() if n][:2]
        length = self.join("units", given or [self.say("seconds", n=0)])
        return f"−{length}" if ms <= -1_000 else length

    # ---- needs -----------------------------------------------------------------------------------------------

    def needs(self, needs: Iterable[Need]) -> str:
        """Needs one of which has to be met; those that another one includes are not told."""
        all_of_them = list(needs)
        told = [
            need
            for index, need in enumerate(all_of_them)
            if not any(
                includes(other, need) and not (includes(need, other) and index < there)
                for there, other in enumerate(all_of_them)
                if there != index
            )
        ]
        return self.join("else", (self._need(need)[0] for need in told))

    def _need(self, need: Need) -> tuple[str, int]:
        parts: list[tuple[str, int]] = []
        for skill, level in need.skills:
            parts.append((self.say("skill" if level > 1 else "skill.any", skill=skill, level=level), _ATOM))
        if need.vacant:
            parts.append((self.say("vacant"), _ATOM))
        parts += [self._need(each) for each in need.all]
        parts += self._one_of([(self.say("group", group=group), _ATOM) for group in need.groups])
        parts += self._one_of([(agent_id, _ATOM) for agent_id in need.agents])
        parts += self._one_of([self._need(each) for each in need.any])
        if not parts:
            text, kind = self.say("anybody"), _ATOM
        elif len(parts) == 1:
            text, kind = parts[0]
        else:
            text, kind = self.join("and", (self._inside(part, _AND) for part in parts)), _AND
        for each in need.none:
            base = self._inside((text, kind), _AND)
            text, kind = self.say("but", one=base, two=self._inside(self._need(each), _ATOM)), _AND
        return text, kind

    def _one_of(self, parts: list[tuple[str, int]]) -> list[tuple[str, int]]:
        if len(parts) < 2:
            return parts
        return [(self.join("or", (self._inside(part, _OR) for part in parts)), _OR)]

    def _inside(self, part: tuple[str, int], kind: int) -> str:
        """Part of something greater, in brackets unless it is of the same kind or has no parts."""
        text, own = part
        return text if own in (_ATOM, kind) else self.say("brackets", what=text)

    def lacks(self, lacks: Iterable[Lack]) -> str:
        """All that an agent lacks."""
        return self.join("list", map(self._lack, lacks))

    def _lack(self, lack: Lack) -> str:
        names = self.join("or", lack.names) if lack.names else ""
        match lack.kind:
            case "skill":
                key = "lack.skill" if lack.wanted > 1 else "lack.skill.any"
                return self.say(key, skill=names, level=lack.wanted, has=lack.has)
            case "none" if lack.need is not None:
                return self.say("lack.none", need=self._need(lack.need)[0])
            case "delay":
                return self.say("lack.delay", time=self.time(lack.wanted))
            case kind:
                return self.say(f"lack.{kind}", names=names)

    # ---- measures --------------------------------------------------------------------------------------------

    def measures(self, told: Mapping[str, int]) -> str:
        """What a place was made of (``Rule.told``)."""
        return self.join("list", (self._measure(name, value) for name, value in told.items()))

    def _measure(self, name: str, value: int) -> str:
        if f"measure.{name}" not in self._phrases:
            return f"{name} {value}"
        if name.endswith("_ms"):
            return self.say(f"measure.{name}", time=self.time(value))
        if name.endswith("_thousandths"):
            tenths = (value + 50) // 100
            return self.say(f"measure.{name}", n=f"{tenths // 10}.{tenths % 10}")
        return self.say(f"measure.{name}", n=value)


def includes(wide: Need, narrow: Need) -> bool:
    """Whether it is plain to see that whoever meets the narrow need meets the wide one."""
    if wide._replace(skills=()) not in (narrow._replace(skills=()), Need()):
        return False
    has = dict(narrow.skills)
    return all(has.get(skill, 0) >= level for skill, level in wide.skills)
