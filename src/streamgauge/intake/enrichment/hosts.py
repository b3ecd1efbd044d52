"""Which kind of source a host or the name of one is: search engines, social networks, video, shopping, mail, assistants.

Written from general knowledge and kept short: what most visits come from. A host is known by itself or by a domain above it
("l.facebook.com"); brands with a domain in many countries are known by the label before the country ("google.co.uk").
"""

from enum import Enum


class Kind(Enum):
    """What a known source is."""

    SEARCH = "search"
    SOCIAL = "social"
    VIDEO = "video"
    SHOPPING = "shopping"
    EMAIL = "email"
    ASSISTANT = "assistant"


_HOSTS: dict[Kind, str] = {
    Kind.SEARCH: """
        baidu.com bing.com cn.bing.com duckduckgo.com ecosia.org qwant.com startpage.com search.brave.com kagi.com mojeek.com
        search.yahoo.com sogou.com so.com sm.cn naver.com search.naver.com daum.net seznam.cz ya.ru rambler.ru ask.com aol.com
        search.aol.com swisscows.com presearch.com dogpile.com metager.org metager.de gibiru.com lilo.org petalsearch.com
        coccoc.com searx.be search.marginalia.nu karmasearch.org you.com com.google.android.googlequicksearchbox haosou.com
        yep.com wolframalpha.com
    """,
    Kind.SOCIAL: """
        facebook.com fb.com fb.me m.me messenger.com instagram.com threads.net threads.com whatsapp.com wa.me twitter.com
        x.com t.co linkedin.com lnkd.in com.linkedin.android reddit.com redd.it com.reddit.frontpage pinterest.com pin.it
        tumblr.com quora.com snapchat.com vk.com vk.ru ok.ru weibo.com weibo.cn t.cn zhihu.com douban.com xing.com
        mastodon.social bsky.app go.bsky.app telegram.org t.me web.telegram.org org.telegram.messenger discord.com discord.gg
        slack.com com.slack news.ycombinator.com hacker-news.firebaseio.com producthunt.com stackoverflow.com
        stackexchange.com github.com gitlab.com medium.com substack.com lobste.rs lemmy.world nextdoor.com meetup.com
        flickr.com deviantart.com behance.net dribbble.com goodreads.com livejournal.com line.me kakao.com teams.microsoft.com
        viadeo.com meneame.net digg.com getpocket.com flipboard.com com.facebook.katana com.instagram.android
        com.twitter.android xiaohongshu.com douyin.com wechat.com weixin.qq.com qq.com
    """,
    Kind.VIDEO: """
        youtube.com youtu.be m.youtube.com com.google.android.youtube vimeo.com dailymotion.com twitch.tv tiktok.com
        bilibili.com rumble.com odysee.com youku.com iqiyi.com niconico.jp nicovideo.jp rutube.ru wistia.com netflix.com
        disneyplus.com hulu.com
    """,
    Kind.SHOPPING: """
        etsy.com walmart.com target.com aliexpress.com alibaba.com taobao.com tmall.com jd.com mercadolibre.com
        mercadolivre.com.br rakuten.com rakuten.co.jp shopping.google.com shop.app shopee.com lazada.com zalando.de otto.de
        idealo.de bol.com allegro.pl wish.com temu.com ozon.ru wildberries.ru flipkart.com shopzilla.com
    """,
    Kind.EMAIL: """
        mail.google.com com.google.android.gm inbox.google.com outlook.com outlook.live.com outlook.office.com
        outlook.office365.com mail.yahoo.com mail.yahoo.co.jp mail.aol.com mail.proton.me mail.protonmail.com mail.zoho.com
        app.fastmail.com mail.ru e.mail.ru mail.yandex.ru mail.yandex.com webmail.freenet.de gmx.net navigator.gmx.net
        navigator.web.de deref-web.de deref-gmx.net mail.163.com mail.qq.com app.hey.com com.microsoft.office.outlook
        tutanota.com app.tuta.com
    """,
    Kind.ASSISTANT: """
        chatgpt.com chat.openai.com openai.com perplexity.ai claude.ai gemini.google.com bard.google.com copilot.microsoft.com
        copilot.com chat.mistral.ai chat.deepseek.com deepseek.com grok.com x.ai meta.ai poe.com chat.qwen.ai kimi.com
        kimi.moonshot.cn phind.com pi.ai character.ai doubao.com yiyan.baidu.com chatglm.cn huggingface.co
        notebooklm.google.com
    """,
}
_BRANDS: dict[Kind, str] = {
    Kind.SEARCH: "google bing yahoo yandex ask",
    Kind.SOCIAL: "pinterest",
    Kind.SHOPPING: "amazon ebay mercadolibre shopee lazada zalando aliexpress etsy",
}
_SOURCES: dict[Kind, str] = {
    Kind.SEARCH: """
        google bing yahoo yandex baidu duckduckgo ddg ecosia qwant startpage brave kagi naver seznam sogou adwords googleads
    """,
    Kind.SOCIAL: """
        facebook fb ig instagram meta threads whatsapp twitter x t.co linkedin reddit pinterest tumblr quora snapchat vk weibo
        xing mastodon bluesky bsky telegram discord slack hackernews hn producthunt social wechat line facebookads fbads
        linkedinads
    """,
    Kind.VIDEO: "youtube vimeo dailymotion twitch tiktok bilibili rumble",
    Kind.SHOPPING: "amazon ebay etsy walmart aliexpress alibaba shopify googleshopping idealo",
    Kind.EMAIL: "gmail outlook mailchimp mailerlite sendgrid klaviyo brevo sendinblue hubspot_email convertkit kit beehiiv",
    Kind.ASSISTANT: "chatgpt openai perplexity claude gemini copilot mistral deepseek grok",
}


def _kinds_by_name(table: dict[Kind, str]) -> dict[str, Kind]:
    return {name: kind for kind, names in table.items() for name in names.split()}


_KIND_OF_HOST = _kinds_by_name(_HOSTS)
_KIND_OF_BRAND = _kinds_by_name(_BRANDS)
_KIND_OF_SOURCE = _kinds_by_name(_SOURCES)
_SECOND_LEVELS = frozenset({"co", "com", "org", "net", "ne", "or", "gov", "edu"})
_LONGEST_BRAND_TLD = 3


def kind_of_host(host: str) -> Kind | None:
    """host: lower case, without "www."."""
    if not host:
        return None
    name = host
    while name:
        kind = _KIND_OF_HOST.get(name)
        if kind is not None:
            return kind
        name = name.partition(".")[2]
    return _KIND_OF_BRAND.get(_brand_of(host))


def kind_of_source(source: str) -> Kind | None:
    """source: utm_source in lower case, the name of a source or its host."""
    return _KIND_OF_SOURCE.get(source) or (kind_of_host(source.removeprefix("www.")) if "." in source else None)


def _brand_of(host: str) -> str:
    """The label before the country: "google" of www.google.co.uk; "" when there is none."""
    labels = host.rsplit(".", 3)
    if len(labels) < 2 or len(labels[-1]) > _LONGEST_BRAND_TLD:
        return ""
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS:
        return labels[-3]
    return labels[-2]
