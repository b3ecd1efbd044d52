"""Settings reach a worker as they are."""

from pathlib import Path

from streamgauge.kernel.access import Plan
from streamgauge.kernel.settings import Settings
from streamgauge.workers.settings_text import from_text, to_text


def test_settings_come_back_equal() -> None:
    plans = {"tiny": Plan("tiny", requests_per_minute=3)}
    settings = Settings(data_dir=Path("/some/where"), oidc_client_secret="s3cret", workers=4, drain_timeout_s=0.5, plans=plans)
    assert from_text(to_text(settings)) == settings
