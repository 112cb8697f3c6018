"""The configuration files of one Asterisk of the rig: small, quick to start, on 127.0.0.1 only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sip_test_rig.ports import PortBlock

DEMO_AMI_SECRET: Final = "demo-only-ami-secret"
DEMO_PHONE_PASSWORD: Final = "demo-only-phone"
CARRIER_ADDRESS: Final = "127.0.0.2"
"""Calls that come from this address are calls of the carrier: endpoint `carrier`, context `from-carrier`."""

# What no contact centre on this machine needs; leaving it out halves the time to start.
# (res_speech stays: res_agi needs its symbols.)
_NOT_LOADED: Final = """
app_adsiprog app_agent_pool app_alarmreceiver app_dictate app_festival app_followme app_getcpeid app_jack app_mf
app_minivm app_morsecode app_mp3 app_sf app_sla app_sms app_speech_utils app_test app_voicemail_odbc
app_zapateller cdr_adaptive_odbc cdr_csv cdr_custom cdr_manager cdr_odbc cdr_pgsql cdr_radius cdr_sqlite3_custom
cdr_tds cel_custom cel_manager cel_odbc cel_pgsql cel_radius cel_sqlite3_custom cel_tds chan_alsa chan_console
chan_dahdi chan_iax2 chan_mgcp chan_mobile chan_motif chan_oss chan_sip chan_skinny chan_unistim chan_websocket
func_enum func_odbc func_vmcount pbx_ael pbx_dundi pbx_lua pbx_realtime res_adsi res_aeap res_ael_share res_calendar
res_calendar_caldav res_calendar_ews res_calendar_exchange res_calendar_icalendar res_cdrel_custom res_clialiases
res_config_curl res_config_ldap res_config_odbc res_config_pgsql res_config_sqlite3 res_fax res_fax_spandsp
res_geolocation res_hep res_hep_pjsip res_hep_rtcp res_http_media_cache res_http_post res_odbc res_odbc_transaction
res_parking res_phoneprov res_pjsip_config_wizard res_pjsip_geolocation res_pjsip_phoneprov_provider
res_pjsip_stir_shaken res_prometheus res_resolver_unbound res_smdi res_snmp res_speech_aeap res_statsd
res_stir_shaken res_stun_monitor res_xmpp
"""

STARTER_DIALPLAN: Final = """\
[from-carrier]
exten => 600,1,Answer()
 same => n,Echo()
 same => n,Hangup()
exten => 700,1,Answer()
 same => n,MusicOnHold(default)
exten => 800,1,Answer()
 same => n,Read(DIGITS,,1,,1,30)
 same => n,UserEvent(RigDigits,Pressed: ${DIGITS})
 same => n,Hangup()
exten => _1XXX,1,Dial(PJSIP/${EXTEN},30)
 same => n,UserEvent(RigDialed,Phone: ${EXTEN},Status: ${DIALSTATUS},Cause: ${HANGUPCAUSE})
 same => n,Hangup()
exten => _2XXX,1,Queue(starter,,,,60)
 same => n,Hangup()

[internal]
include => from-carrier
"""
"""600 echoes, 700 plays music, 800 takes a digit, 1xxx rings that phone, 2xxx joins Asterisk's queue `starter`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A phone that Asterisk knows.

    Attributes:
        name: its user name and extension.
        password: for registering; not used when `contact` is given.
        contact: a fixed `sip:user@host:port` for a phone that does not register, such as SIPp's.
        context: the dialplan context of the calls it makes.
        options: further options of the pjsip endpoint.
    """

    name: str
    password: str = DEMO_PHONE_PASSWORD
    contact: str | None = None
    context: str = "internal"
    options: dict[str, str] = field(default_factory=dict)


def base_files(
    ports: PortBlock, endpoints: Sequence[Endpoint], ami_user: str, ami_secret: str, *, carrier: bool
) -> dict[str, str]:
    """Write every configuration file that Asterisk starts with, by file name."""
    first_rtp, last_rtp = ports.rtp
    return {
        "asterisk.conf": _ASTERISK_CONF,
        "modules.conf": "[modules]\nautoload=yes\n" + "".join(f"noload => {name}.so\n" for name in _NOT_LOADED.split()),
        "logger.conf": "[general]\ndateformat=%F %T.%3q\n[logfiles]\nfull => notice,warning,error,verbose\n",
        "http.conf": "[general]\nenabled=no\n",
        "ari.conf": "[general]\nenabled=no\n",
        "cdr.conf": "[general]\nenable=no\n",
        "cel.conf": "[general]\nenable=no\n",
        "features.conf": "[general]\n[featuremap]\n[applicationmap]\n",
        "ccss.conf": "[general]\n",
        "udptl.conf": "[general]\n",
        "acl.conf": "",
        "pjproject.conf": "",
        "pjsip_notify.conf": "",
        "websocket_client.conf": "",
        "amd.conf": "[general]\n",
        "confbridge.conf": "[general]\n[default_user]\ntype=user\n[default_bridge]\ntype=bridge\n",
        "indications.conf": _INDICATIONS_CONF,
        "voicemail.conf": _VOICEMAIL_CONF,
        "musiconhold.conf": "[default]\nmode=files\ndirectory=/rig/moh\n",
        "queues.conf": "[general]\npersistentmembers=no\n[starter]\nstrategy=leastrecent\ntimeout=15\nwrapuptime=0\n",
        "rtp.conf": f"[general]\nrtpstart={first_rtp}\nrtpend={last_rtp}\nicesupport=no\n"
        # SIPp sends its digits from another port than its audio; a strict Asterisk would take them for an intruder's.
        "strictrtp=no\n",
        "manager.conf": manager_general(ports) + manager_user(ami_user, ami_secret),
        "extensions.conf": "[general]\nstatic=yes\nwriteprotect=yes\n" + STARTER_DIALPLAN,
        "pjsip.conf": "\n".join(
            [
                "[global]\ntype=global\nendpoint_identifier_order=username,ip\n",
                f"[transport-udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{ports.sip}\n",
                *([_carrier()] if carrier else []),
                *(pjsip_endpoint(one) for one in endpoints),
            ]
        ),
    }


def manager_general(ports: PortBlock) -> str:
    """Write the general part of `manager.conf`."""
    return (
        f"[general]\nenabled=yes\nwebenabled=no\nbindaddr=127.0.0.1\nport={ports.ami}\n"
        "timestampevents=yes\nallowmultiplelogin=yes\ndisplayconnects=no\n"
    )


def manager_user(name: str, secret: str) -> str:
    """Write a manager user that may read and do everything."""
    return f"[{name}]\nsecret={secret}\nread=all\nwrite=all\nwritetimeout=1000\ndeny=0.0.0.0/0\npermit=127.0.0.0/8\n"


def pjsip_endpoint(one: Endpoint) -> str:
    """Write the pjsip sections of a phone."""
    options = {
        "context": one.context,
        "disallow": "all",
        "allow": "ulaw",
        "direct_media": "no",
        "media_address": "127.0.0.1",
        "bind_rtp_to_media_address": "yes",
        "identify_by": "username",
        "callerid": f"<{one.name}>",
        "aors": one.name,
    } | one.options
    endpoint = f"[{one.name}]\ntype=endpoint\n" + "".join(f"{key}={value}\n" for key, value in options.items())
    if one.contact is not None:
        return f"{endpoint}[{one.name}]\ntype=aor\ncontact={one.contact}\n"
    return (
        f"{endpoint}auth={one.name}\n"
        f"[{one.name}]\ntype=auth\nauth_type=userpass\nusername={one.name}\npassword={one.password}\n"
        f"[{one.name}]\ntype=aor\nmax_contacts=1\nremove_existing=yes\nqualify_frequency=10\n"
    )


def _carrier() -> str:
    return (
        "[carrier]\ntype=endpoint\ncontext=from-carrier\ndisallow=all\nallow=ulaw\ndirect_media=no\n"
        "media_address=127.0.0.1\nbind_rtp_to_media_address=yes\nidentify_by=ip\n"
        f"[carrier]\ntype=identify\nendpoint=carrier\nmatch={CARRIER_ADDRESS}/32\n"
    )


# The packaged file says [directories](!), a template that nobody uses: Asterisk would listen on its stock ports.
_ASTERISK_CONF: Final = """\
[directories]
astcachedir => /rig/cache
astetcdir => /rig/etc
astvarlibdir => /rig/lib
astdbdir => /rig/lib
astkeydir => /rig/lib
astdatadir => /rig/data
astagidir => /rig/data/agi-bin
astspooldir => /rig/spool
astrundir => /rig/run
astlogdir => /rig/log
astsbindir => /usr/sbin
[options]
verbose=3
"""

MAILBOX: Final = "lost-calls_1@default"
"""A mailbox that every Asterisk of the rig has; see `Asterisk.messages`."""

_VOICEMAIL_CONF: Final = """\
[general]
format=wav
[default]
lost-calls_1 => 0000,Demo only
"""

_INDICATIONS_CONF: Final = """\
[general]
country=us
[us]
description = United States
ringcadence = 2000,4000
dial = 350+440
busy = 480+620/500,0/500
ring = 440+480/2000,0/4000
congestion = 480+620/250,0/250
callwaiting = 440/300,0/10000
dialrecall = !350+440/100,!0/100,!350+440/100,!0/100,!350+440/100,!0/100,350+440
record = 1400/500,0/15000
info = !950/330,!1400/330,!1800/330,0
"""
