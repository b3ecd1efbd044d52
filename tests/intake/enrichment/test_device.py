"""Devices, browsers and systems: well-known ones by name, a great many by class, and the cost of the worst."""

import time

import pytest

from streamgauge.intake.enrichment.clues import LONGEST_USER_AGENT
from streamgauge.intake.enrichment.device import CACHED, DEVICES, Agent, UserAgents
from tests.intake.enrichment.known_agents import browsers

AGENTS = UserAgents()

# What the fixtures call a device, in our classes. Small kinds that we do not tell apart count as what they are used like.
CLASS_OF = {
    "smartphone": "mobile",
    "phablet": "mobile",
    "feature phone": "mobile",
    "tablet": "tablet",
    "desktop": "desktop",
    "tv": "tv",
    "console": "console",
    "wearable": "wearable",
}


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        pytest.param(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
            Agent("desktop", "Chrome", "Windows"),
            id="Chrome on Windows",
        ),
        pytest.param(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
            " Edg/130.0.0.0",
            Agent("desktop", "Edge", "Windows"),
            id="Edge on Windows",
        ),
        pytest.param(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18 Safari/605.1.15",
            Agent("desktop", "Safari", "macOS"),
            id="Safari on macOS",
        ),
        pytest.param(
            "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
            Agent("desktop", "Firefox", "Linux"),
            id="Firefox on Linux",
        ),
        pytest.param(
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
            Agent("desktop", "Chrome", "ChromeOS"),
            id="a Chromebook",
        ),
        pytest.param(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"
            " Mobile/15E148 Safari/604.1",
            Agent("mobile", "Safari", "iOS"),
            id="an iPhone",
        ),
        pytest.param(
            "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148"
            " Safari/604.1",
            Agent("tablet", "Safari", "iOS"),
            id="an iPad that says so",
        ),
        pytest.param(
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
            Agent("mobile", "Chrome", "Android"),
            id="Android with Mobile",
        ),
        pytest.param(
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
            Agent("tablet", "Chrome", "Android"),
            id="Android without Mobile",
        ),
        pytest.param(
            "Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0"
            " Chrome/122.0.0.0 Mobile Safari/537.36",
            Agent("mobile", "Samsung Internet", "Android"),
            id="Samsung's browser",
        ),
        pytest.param(
            "Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15",
            Agent("console", "Safari"),
            id="a console",
        ),
        pytest.param("curl/8.10.1", Agent(is_bot=True), id="a program has no device of a visitor"),
    ],
)
def test_what_a_user_agent_says(user_agent: str, expected: Agent) -> None:
    assert AGENTS.read(user_agent) == expected


def test_classes_of_devices_agree_with_the_fixtures() -> None:
    """The fixtures hold mostly rare models, which Device Detector knows by name and we do not."""
    judged = [
        (AGENTS.read(browser.user_agent).device, CLASS_OF[browser.device])
        for browser in browsers()[::5]
        if browser.device in CLASS_OF
    ]
    phones = [found == expected for found, expected in judged if expected == "mobile"]
    assert sum(phones) / len(phones) >= 0.95
    assert sum(found == expected for found, expected in judged) / len(judged) >= 0.87


def test_every_class_is_one_of_the_documented() -> None:
    assert {AGENTS.read(browser.user_agent).device for browser in browsers()[::20]} <= {*DEVICES, ""}


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        " ",
        "Mozilla/5.0 (",
        "1.",
        "Safari/",
        "Version/1.1 Mobile Safari/ Chrome/",
        "Android 4.4; ",
        "(((((",
        "bot ",
        "\u20ac",
    ],
)
def test_no_user_agent_is_slow(piece: str) -> None:
    worst = (piece * LONGEST_USER_AGENT)[:LONGEST_USER_AGENT]
    AGENTS.read(worst + "x")  # the first of its kind compiles parts of the patterns
    spent = []
    for tail in "abcde":
        begun = time.perf_counter()
        AGENTS.read(worst[:-1] + tail)
        spent.append(time.perf_counter() - begun)
    assert min(spent) < 0.005


def test_only_so_many_are_remembered() -> None:
    agents = UserAgents()
    for number in range(CACHED + 10):
        agents.read(f"tool/{number}")
    assert agents.read.cache_info().currsize == CACHED
