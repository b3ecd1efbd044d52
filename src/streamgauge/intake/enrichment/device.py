"""Steps: what the visitor's device, browser and system are, and whether it is a bot's; both from the User-Agent, parsed once.

Names are those of ua-parser, without "Mobile", "iOS" or "WebView" behind a browser's name; the class of device is one of DEVICES,
by the rules below. Limits: an iPad that asks for desktop pages says it is a Mac; phones and boxes are told from tablets by
what browsers write, not by a list of models. A User-Agent is looked at up to LONGEST_USER_AGENT characters; parsing one costs
70 µs, at worst a millisecond, and the last CACHED of them are remembered.
"""

from functools import lru_cache
from typing import NamedTuple

from ua_parser import Domain
from ua_parser.loaders import load_lazy_builtins
from ua_parser.re2 import Resolver

from streamgauge.intake.enrichment.bots import Bots
from streamgauge.intake.enrichment.cleaning import LONGEST_NAME, clean
from streamgauge.intake.enrichment.clues import Clues, Draft
from streamgauge.intake.enrichment.patterns import Patterns
from streamgauge.kernel.event import EventFlag

CACHED = 8_192

DEVICES = ("desktop", "mobile", "tablet", "tv", "console", "wearable", "car")
"""Every class of device; "" is unknown."""

# The first that is found in the User-Agent decides; what none of them is found in is unknown.
_CLASSES = tuple(
    (device, Patterns(patterns))
    for device, patterns in (
        ("console", (r"PlayStation|PLAYSTATION|Nintendo|Xbox|\bPS[345]\b|SteamDeck|Aplix_SEGA",)),
        (
            "tv",
            (
                r"(?i)smart-?tv|smarthub|hbbtv|web0s|apple ?tv|tvos|google ?tv|android ?tv|\btv\b|\bdtv|nettv|netcast|roku",
                r"(?i)bravia|crkey",
                r"AFT[A-Z]|MiBOX|MiTV|BDPlayer|STB|Viera|Opera TV|Maple|Kylo|LG NetCast|Chromecast|Xiaomi_TV|CE-HTML|VIDAA",
            ),
        ),
        ("wearable", (r"(?i)\bwatch|wear ?os|SM-R\d{3}|galaxy watch",)),
        ("car", (r"(?i)tesla/|qtcarbrowser|android automotive|carplay",)),
        (
            "tablet",
            (
                r"(?i)ipad|\btablet\b|playbook|\bkindle|silk/|\btab\b|nook |sm-[tpx]\d{3}|gt-p\d{4}|gt-n8\d{3}|\bpad\b",
                r"(?i)mediapad|matepad",
            ),
        ),
        (
            "mobile",
            (
                r"(?i)mobile|iphone|ipod|windows phone|blackberry|\bbb10|symb|series ?\d0|midp|cldc",
                r"(?i)opera mini|opera mobi|ucweb|kaios|palm",
                r"(?i)nokia|samsung-|sonyericsson|\blg-|\bmot-|docomo|up\.browser|obigo|brew|maui",
                r"(?i)windows ce|iph\d|wap|j-phone|bada",
            ),
        ),
        ("tablet", (r"Android",)),
        (
            "desktop",
            (r"Windows|Win ?(?:9|NT)|Macintosh|Mac ?OS|Mac_P|X11|CrOS|Linux|BSD|SunOS|AmigaOS|BeOS|Haiku|OS/2|Lynx|w3m",),
        ),
    )
)

_BROWSERS = {
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Chromium": "Chrome",
    "Edge Mobile": "Edge",
    "IE": "Internet Explorer",
    "IE Mobile": "Internet Explorer",
    "Samsung Internet": "Samsung Internet",
    "Opera Mobile": "Opera",
    "Yandex Browser": "Yandex",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Android": "Android Browser",
}
_ENDS = (" WebView", " Mobile iOS", " iOS", " Mobile")
_SYSTEMS = {"Mac OS X": "macOS", "Mac OS": "macOS", "Chrome OS": "ChromeOS", "ATV OS X": "tvOS", "Other": ""}


class Agent(NamedTuple):
    """What one User-Agent says. A bot has no device, browser or system of a visitor."""

    device: str = ""
    browser: str = ""
    os: str = ""
    is_bot: bool = False


class UserAgents:
    """Parses User-Agents, and remembers those it saw last. Building it takes about 0.1 s."""

    def __init__(self) -> None:
        browsers, systems, _ = load_lazy_builtins()
        self._resolve = Resolver((browsers, systems, []))  # the makers and models of devices are not wanted
        self._bots = Bots()
        self.read = lru_cache(maxsize=CACHED)(self._parse)

    def _parse(self, user_agent: str) -> Agent:
        """user_agent: not longer than LONGEST_USER_AGENT."""
        if self._bots.is_bot(user_agent):
            return Agent(is_bot=True)
        found = self._resolve(user_agent, Domain.USER_AGENT | Domain.OS)
        browser = found.user_agent.family if found.user_agent is not None else ""
        system = found.os.family if found.os is not None else ""
        return Agent(
            device=_class_of(user_agent),
            browser=clean(_browser_name(browser), LONGEST_NAME),
            os=clean(_SYSTEMS.get(system, system), LONGEST_NAME),
        )

    def put_device(self, clues: Clues, draft: Draft) -> None:
        if clues.user_agent:
            agent = self.read(clues.user_agent)
            draft.device, draft.browser, draft.os = agent.device, agent.browser, agent.os

    def mark_bots(self, clues: Clues, draft: Draft) -> None:
        if clues.user_agent:
            if self.read(clues.user_agent).is_bot:
                draft.flags |= EventFlag.BOT
        elif clues.from_browser:
            draft.flags |= EventFlag.BOT


def _class_of(user_agent: str) -> str:
    for device, patterns in _CLASSES:
        if patterns.found_in(user_agent):
            return device
    return ""


def _browser_name(family: str) -> str:
    known = _BROWSERS.get(family)
    if known is not None:
        return known
    for end in _ENDS:
        family = family.removesuffix(end)
    return "" if family == "Other" else family
