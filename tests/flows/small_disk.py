"""A filesystem of its own, so small that it can be filled."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

MIB = 2**20


class SmallDisk:
    """A mounted filesystem. A ballast file takes space that can be given back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    @property
    def free_bytes(self) -> int:
        figures = os.statvfs(self.path)
        return figures.f_bavail * figures.f_frsize

    def fill(self, leave_bytes: int = 0) -> None:
        """Take all space but `leave_bytes`."""
        with self._ballast.open("ab") as file, contextlib.suppress(OSError):
            while (excess := self.free_bytes - leave_bytes) > 0:
                file.write(bytes(min(excess, MIB)))
                file.flush()

    def give_back(self) -> None:
        """Free what `fill` took."""
        self._ballast.unlink()


@contextlib.contextmanager
def small_disk(path: Path, size_mib: int) -> Iterator[SmallDisk]:
    """Mount an empty filesystem of that size; needs root, and fails without."""
    path.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "streamgauge-test", str(path)], check=True)
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
