"""Step: was the event sent by a program of its own (crawler, monitor, library, headless browser) rather than for a person?

A bot's events are kept, flagged BOT and left out of web analytics unless asked for. A User-Agent is a bot's when

    it is on the list                 crawler-user-agents, without those of its patterns that people's devices match too
    a word in it says so              bot, crawl, monitor, an address to write to, ...
    it names no platform              every browser says what it runs on; tools give a name and a version
    it begins like a browser's, but names no engine    "Mozilla/5.0 (compatible; FormFinder/1.0)"
    a bare word follows the last version               "... Safari/537.36 Hardenize"
    something follows "like Gecko"                     "(KHTML, like Gecko; Google-Adwords)"

and when a browser's request has none. Limits: a program that copies a browser's User-Agent is not told from it; in-app browsers
(Instagram, Viber) are people's and do not count as bots.
"""

from collections.abc import Iterable

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from streamgauge.intake.enrichment.patterns import Patterns

# Names of phones, apps and one build of Android that real people use, taken for a crawler's by the list.
_MATCH_PEOPLE = frozenset(
    {r"AP3A\.240617\.008", r"008\/", "Butterfly", "Chirp|gotosocial", "Expanse", "Fever", "Fluid", "Sogou", "Sonic", "Viber"}
)
LISTED = tuple(entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA if entry["pattern"] not in _MATCH_PEOPLE)
_INSTEAD = ("Sogou (?:web|inst|Pic|head|blog|News|Orion)", r"(?i)sogou.{0,20}spider")

# "bot" not in CUBOT (phones) nor before an e (BOTECH, a maker of television sets).
_WORDS = (
    r"(?i)(?:^|[^u]|[^c]u)bot(?:[^e]|$)",
    r"(?i)crawl|spider[^ ]|scrap(?:e|y)|slurp|harvest|extract|collect|archiv|indexer|nutch",
    r"(?i)feed(?:er|ly|parser|fetch|burner|\b)|\brss\b",
    r"(?i)https?:|\bwww\.|\S@[\w.-]+\.[a-z]{2}|\[at\]",
    r"(?i)scanner|scan\b|monitor|uptime|audit|recon\b|prober?\b|probing|measurement|synthetic|inspector",
    r"(?i)lighthouse|page ?speed|gtmetrix",
    r"(?i)fetch|check(?:er|\b)|validator|verif|detector|finder|lookup|analy[sz]er|optimizer|prospect|[a-z]agent\b|ips-agent|datanyze",
    r"(?i)preview|thumbnail|screenshot|externalhit|transcoder|mutant|pageburst|cloudflare|assetnote|google-|-google|^google\w*$",
    r"(?i)headless|phantomjs|selenium|puppeteer|playwright",
    r"(?i)\bcurl|wget|python|\bperl\b|\blwp|^java/\d|httpclient|http-client|axios|^got[/ ]|okhttp|logic-apps",
)
_PLATFORMS = (
    r"(?i)android|dalvik|linux|x11|\bcros\b|bsd|sunos|solaris|windows|\bwin ?(?:9|nt)",
    r"(?i)mac ?os|macintosh|mac_p|darwin|cfnetwork",
    r"(?i)\biph(?:one|\d)|ipad|ipod|\bios\b|tvos|apple ?tv|playstation|nintendo|xbox",
    r"(?i)smart-?tv|smarthub|netcast|web[0o]s|hpwos|crkey|roku",
    r"(?i)tizen|kaios|harmony|sailfish|maemo|meego|fuchsia|symb|series ?\d0|blackberry|\bbb10|playbook|\bbada\b|mobile;|tablet;",
    r"(?i)hbbtv|nettv|\bdtv|bravia|philips|panasonic|sharp|toshiba|\bvre;",
    r"(?i)midp|cldc|\bup\.|\bwap\b|docomo|ucweb|ucbrowser|obigo|brew",
    r"(?i)maui|\brex|nokia|samsung|sonyericsson|\blg[-e/]|\bmot-|palm|amiga|beos|haiku",
    r"(?i)os/2|\baix\b|hp-ux|irix|risc os|qnx|profile/",
    r"(?i)docomo|willcom|\bp90\di|j-phone|netfront|goog/|\(tv;|segasaturn|kreatv",
)
_BEGINS_LIKE_A_BROWSER = r"^(?:Mozilla/\d|Opera[/ ]\d)"
_ENGINES = (
    r"(?i)webkit|gecko|msie|trident|presto|opera|khtml|goanna|servo/|netfront|obigo|polaris|jig browser|hbbtv",
    r"(?i)playstation|nintendo|iphone|ipad|android \d|midp|palmos|smart-?tv|brew|series\d0",
    r"(?i)symbian|windows ce|blackberry|risc os|amiga",
)
_BARE_WORD_AT_THE_END = r"(?:Safari|Chrome|Firefox)/[\d.]+;? ([A-Za-z][A-Za-z-]{3,})$"
_BARE_WORDS_OF_BROWSERS = (
    r"(?:TV|Mobile|Desktop|Browser|SMART-TV|Xfce|SteamDeck|SearchWidget|WebAppManager|MRCHROME|LBBROWSER|MinuteMaid|Mobads)$"
)
_AFTER_GECKO = r"like Gecko; [^S]"


class Bots:
    """Tells programs from people by the User-Agent. Building it takes some 20 ms."""

    def __init__(self, listed: Iterable[str] = LISTED) -> None:
        self._programs = Patterns([*listed, *_INSTEAD, *_WORDS, _AFTER_GECKO])
        self._platforms = Patterns(_PLATFORMS)
        self._browsers = Patterns([_BEGINS_LIKE_A_BROWSER])
        self._engines = Patterns(_ENGINES)
        self._bare_words = Patterns([_BARE_WORD_AT_THE_END])
        self._known_bare_words = Patterns([_BARE_WORDS_OF_BROWSERS])

    def is_bot(self, user_agent: str) -> bool:
        return (
            self._programs.found_in(user_agent)
            or not self._platforms.found_in(user_agent)
            or (self._browsers.found_in(user_agent) and not self._engines.found_in(user_agent))
            or (self._bare_words.found_in(user_agent) and not self._known_bare_words.found_in(user_agent))
        )
