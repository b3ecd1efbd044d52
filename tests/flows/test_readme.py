"""What the README shows is what happens: every sample is run, in order, and its answer compared."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.flows.running import RunningServer, running

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = re.compile(r"^\$ (.+)\n((?:(?!\$ |```).+\n)*)", re.MULTILINE)


def _samples() -> list[tuple[str, str]]:
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return [(command, answer) for block in blocks for command, answer in SAMPLE.findall(block)]


def _run(server: RunningServer, command: str, key: str) -> str:
    command = command.replace("http://127.0.0.1:8080", server.url).replace(
        ".venv/bin/streamgauge websites create", f"python -m streamgauge websites create --data-dir {server.data_dir}"
    )
    path = f"{ROOT / '.venv' / 'bin'}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env={"KEY": key, "PATH": path}, timeout=60, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str]]:
    """Command, promised answer and real answer of every sample, run in the order of the page on one fresh server."""
    with running(tmp_path_factory.mktemp("readme") / "data") as server:
        key = server.key()
        return [(command, promised.strip(), _run(server, command, key)) for command, promised in _samples()]


def test_every_sample_answers_as_shown(transcript: list[tuple[str, str, str]]) -> None:
    assert len(transcript) >= 6
    for command, promised, answer in transcript:
        # "..." stands for an id, "…" for what is left out.
        pattern = re.escape(promised).replace(re.escape("..."), r"\w{26,32}").replace("…", ".+")
        assert re.fullmatch(pattern, answer), f"{command}\npromised {promised}\nanswered {answer}"


def test_the_pages_that_the_readme_names_exist() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text())
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
