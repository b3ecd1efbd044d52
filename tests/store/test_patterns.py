"""Regular expressions of senders: what the door takes, the engine runs, with the same result; what it refuses is named."""

from collections.abc import Iterator

import pytest
import re2

from streamgauge.kernel.refusal import Reason, Refusal
from streamgauge.store import Statement, StatementLimits, Store, open_store
from streamgauge.wire.patterns import check_pattern

LIMITS = StatementLimits(timeout_s=10, max_memory_bytes=1 << 28, max_rows=10)
TEXTS = ("", "xabcx", "/checkout/thanks", "Grüße 😀", "line\nbreak", "a" * 500)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(tmp_path_factory.mktemp("patterns") / "store")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("", id="nothing"),
        pytest.param("^/checkout/(thanks|danke)$", id="pages"),
        pytest.param("(?i)ABC", id="without case"),
        pytest.param(r"\bthanks\b", id="whole words"),
        pytest.param(r"[[:alpha:]]{3}", id="classes of characters"),
        pytest.param(r"\p{Lu}\pL+", id="letters of all scripts"),
        pytest.param("ü", id="a letter of two bytes"),
        pytest.param("😀$", id="a sign of four bytes"),
        pytest.param("(?P<name>a)|", id="a named group, or nothing"),
        pytest.param("a{500}", id="so often"),
        pytest.param("(a|aa)+$", id="what would take others exponential time"),
        pytest.param(r"\Qa.b\E", id="quoted"),
        pytest.param("'; DROP TABLE events; --", id="a statement"),
    ],
)
def test_the_engine_finds_what_the_door_tried(store: Store, pattern: str) -> None:
    assert check_pattern(pattern, "value") == pattern
    for text in TEXTS:
        statement = Statement("match", "SELECT match({text:String}, {pattern:String})", {"text": text, "pattern": pattern})
        ((found,),) = store.select(statement, LIMITS)
        assert bool(found) is (re2.search(pattern, text) is not None), text


@pytest.mark.parametrize("pattern", ["(", "[a", "*", r"(a)\1", "(?=a)", "(?<!a)b", "a{1001}", r"\8", "((a{99}){99}){99}"])
def test_what_the_engine_does_not_know_is_refused(pattern: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_pattern(pattern, "value")
    assert (caught.value.reason, caught.value.field) == (Reason.INVALID_PARAMETER, "value")
