"""CDNOW_master.txt: 69,659 purchases, one a line, as the lifetimes package ships it."""

from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

ROWS = 69_659


class Purchase(NamedTuple):
    """One line of the file. dollars: as written there, two decimals. line: its number, from 1, without the heading."""

    line: int
    customer: str
    day: str
    cds: int
    dollars: str


def dataset_path() -> Path:
    """Where the file is. lifetimes itself is never imported: its numeric stack is not installed."""
    path = Path(str(distribution("lifetimes").locate_file("lifetimes/datasets/CDNOW_master.txt")))
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: run `make setup`")
    return path


def read_purchases(path: Path) -> list[Purchase]:
    """Every purchase in the order of the file; the day as YYYY-MM-DD."""
    lines = path.read_text().splitlines()[1:]
    return [_from_line(number, line) for number, line in enumerate(lines, start=1)]


def _from_line(number: int, line: str) -> Purchase:
    customer, day, cds, dollars = line.split()
    return Purchase(number, customer, f"{day[:4]}-{day[4:6]}-{day[6:]}", int(cds), dollars)
