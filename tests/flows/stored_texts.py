"""Everything that the store of a stopped server holds, as text: `python -m tests.flows.stored_texts DATA_DIR`.

A process of its own, since a process can open only one embedded store.
"""

import sys
from pathlib import Path

from streamgauge.kernel.settings import Settings
from streamgauge.store import Statement, StatementLimits, open_store


def main(data_dir: Path) -> None:
    store = open_store(Settings(data_dir=data_dir).store_dsn)
    try:
        tables = store.select(
            Statement("test.tables", "SELECT name FROM system.tables WHERE database = currentDatabase()"), StatementLimits()
        )
        for (table,) in tables:
            for row in store.select(Statement("test.dump", f"SELECT * FROM {table}"), StatementLimits()):
                print(table, *row, sep="\t")
    finally:
        store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
