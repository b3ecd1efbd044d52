"""The tree as it stands keeps the rules of the house. That each rule can be broken is shown in test_rules_can_fail.py."""

from collections.abc import Sequence
from importlib import metadata

import pytest

import streamgauge
from streamgauge.cli import main
from streamgauge.kernel.refusal import Reason
from streamgauge.kernel.settings import SETTINGS
from tests.house import rules, texts
from tests.house.tree import PACKAGE, ROOT, Module, read_modules, tracked_texts

PRODUCT = read_modules(PACKAGE)
TESTS = read_modules(ROOT / "tests")
EVERYTHING = [*PRODUCT, *TESTS, *read_modules(ROOT / "bench"), *read_modules(ROOT / "demo")]
TEXTS = list(tracked_texts(ROOT))


def document(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize(
    ("rule", "modules"),
    [
        pytest.param(rules.upward_imports, PRODUCT, id="imports go downward only"),
        pytest.param(rules.import_cycles, PRODUCT, id="no import cycle, typing included"),
        pytest.param(rules.large_files, EVERYTHING, id="files stay small"),
        pytest.param(rules.long_functions, PRODUCT, id="functions of the product stay short"),
        pytest.param(rules.long_functions, EVERYTHING, id="functions stay short"),
        pytest.param(rules.empty_names, EVERYTHING, id="names say what is inside"),
        pytest.param(rules.broad_handlers, PRODUCT, id="handlers of everything are rare and explained"),
        pytest.param(rules.unexplained_switches, EVERYTHING, id="switched-off checks are explained"),
        pytest.param(rules.skipped_or_mocked, TESTS, id="tests neither skip nor mock"),
    ],
)
def test_code_keeps_the_rule(rule: rules.Rule, modules: Sequence[Module]) -> None:
    assert rule(modules) == []


def test_no_unfinished_marks_are_left() -> None:
    assert texts.unfinished_marks(TEXTS) == []


def test_nothing_of_one_machine_is_kept() -> None:
    assert texts.foreign_matter(TEXTS) == []


def test_every_refusal_has_a_row_in_its_document() -> None:
    assert texts.missing_rows(Reason, document("docs/refusals.md")) == []


def test_every_command_is_in_its_document() -> None:
    assert texts.unmentioned(texts.commands_of(main, "streamgauge"), document("docs/cli.md")) == []


def test_every_setting_is_read_somewhere() -> None:
    assert rules.unread_settings(PRODUCT, SETTINGS) == []


def test_every_link_between_documents_leads_somewhere() -> None:
    assert texts.broken_links(ROOT, TEXTS) == []


def test_version_is_the_same_everywhere() -> None:
    assert texts.version_faults(document("pyproject.toml"), streamgauge.__version__, document("CHANGELOG.md")) == []


def test_every_installed_package_is_pinned() -> None:
    installed = {package.metadata["Name"]: package.version for package in metadata.distributions()}
    for own in ("pip", "setuptools", "streamgauge"):
        installed.pop(own, None)
    assert texts.unpinned(installed, document("constraints.txt")) == []
