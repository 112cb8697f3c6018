"""Stage: everything that stands while the demo runs: Asterisk, ctid with config/demo, a bank, customers, phones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yarl import URL

from ctid.desktop.identity.auth import Role
from sip_test_rig.bank import Bank
from sip_test_rig.demo import people
from sip_test_rig.demo.prompts import Prompts
from sip_test_rig.demo.steps import Steps
from sip_test_rig.desktop import Desktop
from sip_test_rig.phone import Phone
from sip_test_rig.ports import preferred_port
from sip_test_rig.site import RigSite, demo_config

CONFIG: Final = Path(__file__).resolve().parents[2] / "config" / "demo"
AGENT_VOICES_HZ: Final = {"alice": 470.0, "bob": 610.0}
CALLER_VOICE_HZ: Final = 740.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demo's acts need.

    Attributes:
        site: Asterisk and ctid.
        bank: What the bank's hotline asks for balances.
        prompts: What callers hear.
        phones: The agents' phones, by agent id; registered. They ring until they are told to answer.
        desktops: The agents' desktops, by agent id; connected.
        supervisor: A desktop that sees all; connected.
    """

    site: RigSite
    bank: Bank
    prompts: Prompts
    phones: dict[str, Phone]
    desktops: dict[str, Desktop]
    supervisor: Desktop

    def token_file(self, subject: str) -> Path:
        """A file with the header line that lets a demo user in, as ``curl -H @FILE`` takes it."""
        return self.site.folder / subject


@asynccontextmanager
async def stage(steps: Steps) -> AsyncIterator[Stage]:
    """Bring all of it up, tell the steps, and take all of it down at the end."""
    config = demo_config()
    seats = dict(config["agents"])
    config["agents"] |= people.WEB_AGENTS
    prompts = Prompts(CONFIG / "sounds")
    bank = Bank(preferred_port(URL(config["lookups"]["balance"]["http"]["url"]).port or 0))
    site = RigSite(
        config,
        sounds=prompts.files,
        api_port=preferred_port(config["api"]["port"]),
        agi_port=preferred_port(config["agi"]["port"]),
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(site.stop)
        await stack.enter_async_context(bank)
        site.config["lookups"]["balance"]["http"]["url"] = f"{bank.url}/balance"
        await site.pbx.prepare()
        site.write_config()
        # ctid comes up beside Asterisk, which it waits for: half of a cold start is one waiting for the other.
        await site.ctid.start(ready=False)
        # SIGTERM first: the orderly end is part of the show.
        stack.push_async_callback(site.ctid.stop)
        with steps.step("asterisk_started", "Asterisk 22 starts") as step:
            await site.pbx.start()
            step.detail = f"SIP on udp 127.0.0.1:{site.pbx.sip_port}, AMI on tcp {site.pbx.ami_port}"
        phones: dict[str, Phone] = {}
        with steps.step("phones_registered", "The agents' phones register") as step:
            for agent_id, agent in seats.items():
                name = agent["device"].removeprefix("PJSIP/")
                phone = Phone.of(site.pbx, name, voice_hz=AGENT_VOICES_HZ[agent_id], answer_after=None)
                phones[agent_id] = await stack.enter_async_context(phone)
            step.detail = ", ".join(f"{config['agents'][each]['name']} {phones[each].name}" for each in phones)
        with steps.step("ctid_ready", "ctid reads config/demo and connects to Asterisk") as step:
            # Imported here, as the database's libraries take a second that ctid takes to start as well.
            from sip_test_rig.demo import customers

            await site.ctid.until_ready()
            step.detail = f"API at {site.ctid.url}, FastAGI on tcp {site.agi_port}"
        with steps.step("customers_imported", "Customers are imported from config/demo/customers.csv") as step:
            step.detail = await customers.import_all(CONFIG / "customers.csv", site)
        with steps.step("people_added", "Three people may sign in at the pages") as step:
            step.detail = await people.add_all(site)
        desktops: dict[str, Desktop] = {}
        with steps.step("agents_logged_in", "Two agents log in and go ready"):
            supervisor = await stack.enter_async_context(site.supervisor())
            for agent_id in phones:
                desktop = desktops[agent_id] = await stack.enter_async_context(site.desktop(agent_id))
                await desktop.set_state("READY")
        ready = Stage(site, bank, prompts, phones, desktops, supervisor)
        for subject in (*phones, "supervisor"):
            token = site.token(subject, Role.AGENT if subject in phones else Role.SUPERVISOR)
            ready.token_file(subject).write_text(f"Authorization: Bearer {token}\n", encoding="ascii")
        yield ready
