"""Bots against what others have collected: at least 99 % of the known ones are told, people nearly never."""

from collections.abc import Sequence

import pytest

from streamgauge.intake.enrichment.bots import Bots
from tests.intake.enrichment.known_agents import browsers, detected_bots, listed_crawlers

BOTS = Bots()
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


def share_of_bots(user_agents: Sequence[str], bots: Bots = BOTS) -> float:
    return sum(map(bots.is_bot, user_agents)) / len(user_agents)


def test_the_sets_are_there_and_large() -> None:
    assert len(listed_crawlers()) > 2_000
    assert len(detected_bots()) > 1_300
    assert len(browsers()) > 34_000


def test_99_percent_of_the_listed_crawlers_are_bots() -> None:
    assert share_of_bots(listed_crawlers()) >= 0.99


def test_99_percent_of_device_detectors_bots_are_bots() -> None:
    assert share_of_bots(detected_bots()) >= 0.99


def test_the_rules_alone_tell_most_crawlers_so_that_new_ones_are_told_before_a_list_has_them() -> None:
    assert share_of_bots(listed_crawlers(), Bots(listed=())) >= 0.97
    assert share_of_bots(detected_bots(), Bots(listed=())) >= 0.97


def test_people_are_nearly_never_bots() -> None:
    assert share_of_bots([browser.user_agent for browser in browsers()]) <= 0.003


@pytest.mark.parametrize(
    "user_agent",
    [
        pytest.param(CHROME, id="Chrome on Windows"),
        pytest.param(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18 Safari/605.1.15",
            id="Safari on macOS",
        ),
        pytest.param("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", id="Firefox on Linux"),
        pytest.param(
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36"
            " (Ecosia android@143.0.0.0)",
            id="Ecosia, with an @",
        ),
        pytest.param(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22A3354"
            " Instagram 352.0.0.31.98 (iPhone15,2; iOS 18_0; en_US; en; scale=3.00; 1179x2556)",
            id="within Instagram",
        ),
        pytest.param(
            "Mozilla/5.0 (Linux; U; Android 4.2.2; CUBOT_P7 Build/JDQ39) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/71.0.3578.99 Mobile Safari/537.36",
            id="a phone named CUBOT",
        ),
    ],
)
def test_people_are_no_bots(user_agent: str) -> None:
    assert not BOTS.is_bot(user_agent)


@pytest.mark.parametrize(
    "user_agent",
    [
        pytest.param("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", id="Googlebot"),
        pytest.param("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +openai)", id="GPTBot"),
        pytest.param(CHROME.replace("Chrome/", "HeadlessChrome/"), id="Chrome without a head"),
        pytest.param("curl/8.10.1", id="curl"),
        pytest.param("python-requests/2.32.3", id="a library"),
        pytest.param("UnheardOf/1.0", id="a name and a version"),
        pytest.param("Mozilla/5.0", id="nothing but the beginning"),
        pytest.param("-", id="a dash"),
        pytest.param(CHROME + " Hardenize", id="a bare word at the end"),
        pytest.param(
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; Lens) Chrome/1 Safari/537.36", id="like Gecko"
        ),
    ],
)
def test_programs_are_bots(user_agent: str) -> None:
    assert BOTS.is_bot(user_agent)
