"""Each rule of the house finds what it is there to find, on small trees made for it, and leaves the good ones alone."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import click
import pytest

from tests.house import rules, texts
from tests.house.tree import Module, read_modules, tracked_texts

LONG = "def long():\n" + "    x = 1\n" * 80
FORTY_ONE = "def longish():\n" + "    x = 1\n" * 40
DOCUMENTED = 'def short():\n    """' + "Words.\n" * 90 + '    """\n    return 1\n'
SWITCH = "".join(("no", "qa"))  # put together, or the tools would take it for one of theirs
IGNORE = "".join(("type: ig", "nore"))


def tree_of(folder: Path, files: Mapping[str, str]) -> list[Module]:
    for name, source in files.items():
        path = folder / "streamgauge" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return read_modules(folder / "streamgauge")


BROKEN = [
    pytest.param(
        rules.upward_imports,
        {"kernel/a.py": "import streamgauge.store.b\n", "store/b.py": ""},
        "kernel imports streamgauge.store.b",
        id="a lower room imports a higher one",
    ),
    pytest.param(
        rules.upward_imports,
        {"journal/a.py": "from streamgauge.store import b\n", "store/b.py": ""},
        "journal imports streamgauge.store.b",
        id="two rooms of one floor",
    ),
    pytest.param(
        rules.upward_imports,
        {"kernel/a.py": "if TYPE_CHECKING:\n    from streamgauge.web.b import B\n", "web/b.py": ""},
        "kernel imports streamgauge.web.b",
        id="an upward import for typing only",
    ),
    pytest.param(
        rules.upward_imports,
        {"kernel/a.py": "def f():\n    from ..web.b import B\n", "web/b.py": ""},
        "kernel imports streamgauge.web.b",
        id="a relative upward import inside a function",
    ),
    pytest.param(rules.upward_imports, {"attic/a.py": ""}, "room attic stands on no floor", id="a room without a floor"),
    pytest.param(
        rules.import_cycles,
        {
            "kernel/a.py": "from streamgauge.kernel import b\n",
            "kernel/b.py": "from streamgauge.kernel import c\n",
            "kernel/c.py": "if TYPE_CHECKING:\n    import streamgauge.kernel.a\n",
        },
        "streamgauge.kernel.a, streamgauge.kernel.b, streamgauge.kernel.c",
        id="a cycle of three, closed for typing only",
    ),
    pytest.param(rules.large_files, {"kernel/a.py": "x = 1\n" * 401}, "401 lines", id="a file of 401 lines"),
    pytest.param(rules.long_functions, {"kernel/a.py": LONG}, "long: 81 lines", id="a function of 81 lines"),
    pytest.param(
        rules.long_functions,
        {"kernel/a.py": FORTY_ONE + "def f(): ...\n" * 18},
        "one of too many over 40 lines (41)",
        id="one function in nineteen over 40 lines",
    ),
    pytest.param(rules.empty_names, {"kernel/utils.py": ""}, "the name utils", id="a file named utils"),
    pytest.param(rules.empty_names, {"kernel/key_manager.py": ""}, "the name key_manager", id="a manager of keys"),
    pytest.param(rules.empty_names, {"common/a.py": ""}, "the name common", id="a folder named common"),
    pytest.param(
        rules.broad_handlers,
        {"web/cycle.py": "try:\n    f()\nexcept Exception:\n    pass\n"},
        "without a reason",
        id="catching everything without saying why",
    ),
    pytest.param(
        rules.broad_handlers,
        {"web/cycle.py": "try:\n    f()\nexcept (ValueError, BaseException):  # " + SWITCH + ": BLE001\n    pass\n"},
        "without a reason",
        id="a switch is not a reason",
    ),
    pytest.param(
        rules.broad_handlers,
        {"kernel/a.py": "try:\n    f()\nexcept Exception:  # the reason is here\n    pass\n"},
        "1 handlers catch everything and go on, 0 are allowed",
        id="a handler that goes on in a small tree",
    ),
    pytest.param(
        rules.broad_handlers,
        {"web/cycle.py": "try:\n    f()\nexcept:  # the reason is here\n    pass\n" * 2},
        "1 handlers catch everything and go on, 0 are allowed: streamgauge/web/cycle.py:7",
        id="a second handler in a known top",
    ),
    pytest.param(
        rules.unexplained_switches,
        {"kernel/a.py": f"x = 1  # {SWITCH}: E501\n"},
        "without a reason",
        id="a lint rule off without a reason",
    ),
    pytest.param(
        rules.unexplained_switches,
        {"kernel/a.py": f"x = 1  # {IGNORE}[arg-type]\n"},
        "without a reason",
        id="a type check off without a reason",
    ),
    pytest.param(
        rules.unexplained_switches,
        {"kernel/a.py": f"x = 1  # {IGNORE}  # the library has no types\n"},
        "switches off every rule",
        id="all type checks off at once",
    ),
    pytest.param(
        rules.skipped_or_mocked,
        {"tests/a.py": "import pytest\n@pytest.mark.skipif(True)\ndef test(): ...\n"},
        "skipif lets a test pass without having run",
        id="a test that is skipped",
    ),
    pytest.param(rules.skipped_or_mocked, {"tests/a.py": "from unittest import mock\n"}, "mocks", id="a test that mocks"),
]

SOUND = [
    pytest.param(
        rules.upward_imports,
        {"web/a.py": "from streamgauge.web import b\nimport streamgauge.kernel.c\n", "web/b.py": "", "kernel/c.py": ""},
        id="downward and within a room",
    ),
    pytest.param(
        rules.import_cycles,
        {"kernel/a.py": "import streamgauge.kernel.c\n", "kernel/b.py": "import streamgauge.kernel.c\n", "kernel/c.py": ""},
        id="two ways to one module are no cycle",
    ),
    pytest.param(rules.large_files, {"kernel/a.py": "x = 1\n" * 400}, id="a file of 400 lines"),
    pytest.param(rules.long_functions, {"kernel/a.py": DOCUMENTED}, id="a docstring does not count"),
    pytest.param(
        rules.long_functions, {"kernel/a.py": FORTY_ONE + "def f(): ...\n" * 19}, id="one function in twenty over 40 lines"
    ),
    pytest.param(rules.empty_names, {"kernel/database.py": "", "kernel/base32.py": ""}, id="words that only contain a bad one"),
    pytest.param(
        rules.broad_handlers,
        {"web/cycle.py": f"try:\n    f()\nexcept Exception:  # {SWITCH}: BLE001 - the top of a request\n    answer()\n"},
        id="one handler in a known top, with its reason",
    ),
    pytest.param(
        rules.broad_handlers,
        {"kernel/a.py": "x = 1\n" * 5000 + "try:\n    f()\nexcept Exception:  # the reason is here\n    pass\n"},
        id="one elsewhere in five thousand lines",
    ),
    pytest.param(
        rules.broad_handlers,
        {"kernel/a.py": "try:\n    f()\nexcept BaseException:\n    undo()\n    raise\n"},
        id="undoing something and raising again",
    ),
    pytest.param(
        rules.unexplained_switches,
        {
            "kernel/a.py": f"x = 1  # {IGNORE}[arg-type]  # the stub lacks it\n",
            "kernel/b.py": f"y = 1  # {SWITCH}: S608, E501 - names are constants\n",
        },
        id="switches with rules and reasons",
    ),
    pytest.param(rules.skipped_or_mocked, {"tests/a.py": "import pytest\nskip = 1\n"}, id="a name that only looks like it"),
]


@pytest.mark.parametrize(("rule", "files", "complaint"), BROKEN)
def test_rule_finds_what_is_broken(tmp_path: Path, rule: rules.Rule, files: Mapping[str, str], complaint: str) -> None:
    complaints = rule(tree_of(tmp_path, files))
    assert len(complaints) == 1
    assert complaint in complaints[0]


@pytest.mark.parametrize(("rule", "files"), SOUND)
def test_rule_leaves_the_sound_alone(tmp_path: Path, rule: rules.Rule, files: Mapping[str, str]) -> None:
    assert rule(tree_of(tmp_path, files)) == []


def test_settings_that_nothing_reads_are_found(tmp_path: Path) -> None:
    files = {
        "kernel/settings.py": "class S:\n    def dsn(self):\n        self.store\ndef check(settings):\n    settings.dead\n",
        "assembly.py": "def serve(settings):\n    return settings.port\n",
        "web/server.py": "class Server:\n    def f(self):\n        self._settings.host\n        self.dead\n        other.dead\n",
    }
    complaints = rules.unread_settings(tree_of(tmp_path, files), ["store", "port", "host", "dead"])
    assert complaints == ["dead: validated, but read nowhere"]


@pytest.mark.parametrize("mark", ["".join(("TO", "DO: later")), "".join(("# FIX", "ME")), "".join(("XX", "X"))])
def test_unfinished_marks_are_found(mark: str) -> None:
    assert texts.unfinished_marks([("a.md", f"fine\n{mark}\n"), ("b.md", "TODOS and mastodons")]) == [f"a.md:2: {mark}"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("see " + "/".join(("", "work", "main", "a")), "a path of one machine", id="a folder of one machine"),
        pytest.param("key sk_live_" + "a1" * 12, "a secret", id="a live key"),
        pytest.param("from https://" + ".".join(("pypi", "org")), "the host of a package registry", id="a registry"),
    ],
)
def test_foreign_matter_is_found(text: str, what: str) -> None:
    assert texts.foreign_matter([("a.md", text)]) == [f"a.md:1: {what}"]


def test_innocent_text_is_not_foreign() -> None:
    assert texts.foreign_matter([("a.md", "sk_live_xxx, framework/unit, https://example.com/a")]) == []


def test_ignored_files_are_not_read_and_new_ones_are(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("out/\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.md").write_text("ignored")
    (tmp_path / "new.md").write_text("new")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    assert dict(tracked_texts(tmp_path)) == {".gitignore": "out/\n", "new.md": "new"}


def test_a_name_without_a_row_is_found() -> None:
    document = "| name | meaning |\n|---|---|\n| `there` | yes |\n\n`mentioned` only\n"
    assert texts.missing_rows(["there", "mentioned", "absent"], document) == ["mentioned: has no row", "absent: has no row"]


def test_an_undocumented_command_is_found() -> None:
    keys = click.Group("keys", commands={"create": click.Command("create"), "revoke": click.Command("revoke")})
    commands = list(texts.commands_of(click.Group("main", commands={"keys": keys}), "streamgauge"))
    assert commands == ["streamgauge keys create", "streamgauge keys revoke"]
    assert texts.unmentioned(commands, "`streamgauge keys create` and streamgauge keys revoked") == [
        "streamgauge keys revoke: is not mentioned"
    ]


def test_versions_that_differ_are_found() -> None:
    pyproject = '[project]\nversion = "0.2.0"\n'
    assert texts.version_faults(pyproject, "0.2.0", "# Changelog\n\n## 0.2.0\n\n## 0.1.0\n") == []
    assert texts.version_faults(pyproject, "0.1.0", "# Changelog\n") == [
        "pyproject.toml says 0.2.0, the package says 0.1.0",
        "pyproject.toml says 0.2.0, CHANGELOG.md says none",
    ]


def test_packages_without_an_exact_pin_are_found() -> None:
    installed = {"Some.Name": "1.0", "other": "2.0", "absent": "3.0"}
    assert texts.unpinned(installed, "# pins\nsome-name==1.0\nother==2.1\n") == [
        "absent: 3.0 is installed, nothing is pinned",
        "other: 2.0 is installed, 2.1 is pinned",
    ]


def test_links_to_nowhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").touch()
    document = "[a](there.md#part) [b](absent.md) [c](https://example.com) [d](#here)\n```\n[x](in-code.md)\n```\n"
    assert texts.broken_links(tmp_path, [("a.md", document), ("a.py", "[b](absent.md)")]) == [
        "a.md: links to absent.md, which is not there"
    ]
