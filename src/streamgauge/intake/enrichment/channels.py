"""The channels, and the rules by which an event gets one.

The first rule that fits decides. Words are looked for in utm_medium, utm_source and utm_campaign, all in lower case; the kind of
source is that of utm_source, else that of the referrer's host, by the tables of `hosts`.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from streamgauge.intake.enrichment.hosts import Kind, kind_of_host, kind_of_source


class Channel(StrEnum):
    """Every channel there is; an event of which nothing is known that could tell has none ("")."""

    DIRECT = "Direct"
    ORGANIC_SEARCH = "Organic Search"
    PAID_SEARCH = "Paid Search"
    ORGANIC_SOCIAL = "Organic Social"
    PAID_SOCIAL = "Paid Social"
    ORGANIC_VIDEO = "Organic Video"
    PAID_VIDEO = "Paid Video"
    ORGANIC_SHOPPING = "Organic Shopping"
    PAID_SHOPPING = "Paid Shopping"
    AI_ASSISTANTS = "AI Assistants"
    EMAIL = "Email"
    AFFILIATES = "Affiliates"
    DISPLAY = "Display"
    PAID_OTHER = "Paid Other"
    AUDIO = "Audio"
    SMS = "SMS"
    PUSH = "Push"
    REFERRAL = "Referral"
    CAMPAIGN = "Campaign"


_REMEMBERED = 4_096
_PAID_MEDIUM = re.compile(r".*cp.*|ppc|retargeting|paid.*|sem")
_SHOPPING = re.compile(r"(?:^|[^a-z])shop(?:ping)?(?:$|[^a-z])")
_DISPLAY = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
_EMAIL = frozenset({"email", "e-mail", "e_mail", "e mail", "newsletter"})
_AFFILIATE = frozenset({"affiliate", "affiliates"})
_SOCIAL = frozenset({"social", "social-network", "social-media", "social_network", "social_media", "social network", "sm"})
_AUDIO = frozenset({"audio", "podcast"})
_PUSH = frozenset({"push", "web-push", "webpush", "notification"})
_REFERRAL = frozenset({"referral", "app", "link"})


class Trail(NamedTuple):
    """What the rules look at, in lower case. kind: of the source that the campaign names, else of the referrer."""

    medium: str
    source: str
    campaign: str
    referrer: str
    kind: Kind | None
    paid_click: bool

    @property
    def is_paid(self) -> bool:
        return self.paid_click or _PAID_MEDIUM.fullmatch(self.medium) is not None


Rule = Callable[[Trail], bool]


def _paid(kind: Kind) -> Rule:
    return lambda trail: trail.is_paid and trail.kind is kind


def _from(kind: Kind) -> Rule:
    return lambda trail: trail.kind is kind


RULES: tuple[tuple[Channel, Rule], ...] = (
    (Channel.DISPLAY, lambda trail: trail.medium in _DISPLAY),
    (Channel.AFFILIATES, lambda trail: trail.medium in _AFFILIATE),
    (Channel.PAID_SHOPPING, lambda trail: trail.is_paid and _SHOPPING.search(trail.campaign) is not None),
    (Channel.PAID_SEARCH, _paid(Kind.SEARCH)),
    (Channel.PAID_SOCIAL, _paid(Kind.SOCIAL)),
    (Channel.PAID_VIDEO, _paid(Kind.VIDEO)),
    (Channel.PAID_SHOPPING, _paid(Kind.SHOPPING)),
    (Channel.PAID_OTHER, lambda trail: trail.is_paid),
    (Channel.EMAIL, lambda trail: trail.medium in _EMAIL or trail.source in _EMAIL),
    (Channel.SMS, lambda trail: "sms" in (trail.medium, trail.source)),
    (Channel.AUDIO, lambda trail: trail.medium in _AUDIO),
    (Channel.PUSH, lambda trail: trail.medium in _PUSH or trail.medium.endswith("push")),
    (Channel.AI_ASSISTANTS, _from(Kind.ASSISTANT)),
    (Channel.ORGANIC_SEARCH, _from(Kind.SEARCH)),
    (Channel.ORGANIC_SOCIAL, _from(Kind.SOCIAL)),
    (Channel.ORGANIC_VIDEO, _from(Kind.VIDEO)),
    (Channel.ORGANIC_SHOPPING, _from(Kind.SHOPPING)),
    (Channel.EMAIL, _from(Kind.EMAIL)),
    (Channel.ORGANIC_SEARCH, lambda trail: trail.medium == "organic"),
    (Channel.ORGANIC_SOCIAL, lambda trail: trail.medium in _SOCIAL),
    (Channel.ORGANIC_VIDEO, lambda trail: "video" in trail.medium),
    (Channel.REFERRAL, lambda trail: trail.referrer != "" or trail.medium in _REFERRAL),
    (Channel.CAMPAIGN, lambda trail: (trail.medium or trail.source or trail.campaign) != ""),
    (Channel.DIRECT, lambda _: True),
)
"""A channel and when it applies. The last always does."""


@lru_cache(maxsize=_REMEMBERED)
def channel_of(utm_source: str, utm_medium: str, utm_campaign: str, referrer: str, paid_click: bool) -> Channel:
    """A pure function. referrer: the host, lower case, "" for none. paid_click: an advertiser's click id was on the link."""
    source = utm_source.lower()
    kind = kind_of_source(source) or kind_of_host(referrer)
    trail = Trail(utm_medium.lower(), source, utm_campaign.lower(), referrer, kind, paid_click)
    return next(channel for channel, applies in RULES if applies(trail))
