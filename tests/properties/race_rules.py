"""The same call centre in haste: what is asked for overtakes what is on its way, and things go wrong meanwhile."""

from __future__ import annotations

from hypothesis import strategies as st

from ctid.model import events as ev
from sip_test_rig.loaded_dice import FACES
from tests.properties.call_centre import AGENTS, CallCentre, happens
from tests.properties.desk_rules import DeskRules
from tests.properties.flow_sites import FLOW_SPECS


def _in_haste(centre: CallCentre) -> bool:
    return not centre.exact


def _up(centre: CallCentre) -> bool:
    return _in_haste(centre) and centre.world.running and centre.world.ami.up


class RaceRules(DeskRules):
    """Nobody waits until what was asked for is done."""

    exact = False

    @happens("time", _in_haste)
    def a_moment_goes_by(self, data: st.DataObject) -> None:
        self.world.run(data.draw(st.sampled_from([0, 1, 20, 60, 300]), label="ms"))

    @happens("time", _in_haste)
    def chance_has_it_otherwise(self, data: st.DataObject) -> None:
        self.dice.tell(data.draw(st.lists(st.integers(0, FACES - 1), min_size=1, max_size=12), label="dice"))

    @happens("keys of the phone", lambda self: _in_haste(self) and self.talking())
    def transfer_in_haste(self, data: st.DataObject) -> None:
        channel = self.world.channels[data.draw(st.sampled_from(self.talking()), label="phone")]
        self.world.transfers.by_phone(channel, channel.bridge)

    def talking(self) -> list[str]:
        """Channels of agents' phones that are in a bridge of two."""
        there = self.world.channels
        return [name for name, each in there.items() if each.device and not each.native and each.peer in there]

    @happens("a fault", _up)
    def the_daemon_dies(self, data: st.DataObject) -> None:
        self.world.crash()
        self.world.after(data.draw(st.sampled_from([100, 5_000]), label="ms"), self.world.start_daemon)

    @happens("a fault", _up)
    def the_link_breaks(self, data: st.DataObject) -> None:
        self.world.cut_ami()
        self.world.after(data.draw(st.sampled_from([50, 9_000]), label="ms"), self.world.connect_ami)

    @happens("a fault", _up)
    def the_pbx_dies(self, data: st.DataObject) -> None:
        self.world.kill_pbx()

    @happens("a fault", _in_haste)
    def a_desktop_is_gone(self, data: st.DataObject) -> None:
        agent_id = data.draw(st.sampled_from(AGENTS), label="agent")
        self.world.desktop_gone(agent_id)
        ms = data.draw(st.sampled_from([100, 15_000]), label="ms")
        self.world.after(ms, lambda: self.world.desktop_back(agent_id, f"s-{self.world.requests}"))

    @happens("a fault", _up)
    def the_configuration_is_another(self, data: st.DataObject) -> None:
        self.world.spec = FLOW_SPECS[data.draw(st.sampled_from(range(len(FLOW_SPECS))), label="site")]
        self.world.tell_daemon(ev.ConfigLoaded(spec=self.world.spec))
