"""Settings on their way to a worker. They hold secrets, so they go through a pipe and never onto a command line."""

from pathlib import Path
from typing import Any

import msgspec

from streamgauge.kernel.settings import Settings


def to_text(settings: Settings) -> bytes:
    return msgspec.json.encode(settings, enc_hook=str)


def from_text(text: bytes) -> Settings:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=Settings, dec_hook=_path)


def _path(kind: type[Any], value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)
