"""The figures of docs/performance.md, measured: `make bench`. Journal, loader and HTTP alone have commands of their own here."""
