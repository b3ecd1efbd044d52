"""What wrk printed, as a value."""

import pytest

from bench.wrk import read_run

LINE = (
    'BENCH {"answered": 1000, "refused": 100, "broken": 2, "duration_us": 500000, "p50_us": 800, "p99_us": 2500, "p999_us": 9000}'
)


def test_a_run_is_read_from_its_line() -> None:
    run = read_run(f"Running 1s test\n\n{LINE}\n")
    assert (run.answered, run.refused, run.broken) == (1_000, 100, 2)
    assert run.accepted_per_s == 1_800
    assert run.times_ms == {"50 %": 0.8, "99 %": 2.5, "99.9 %": 9.0}


def test_a_failure_is_raised_in_its_words() -> None:
    with pytest.raises(RuntimeError, match="unable to connect"):
        read_run("", "unable to connect to 127.0.0.1")
