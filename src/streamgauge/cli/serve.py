"""streamgauge serve: run the server until it is told to stop."""

import click

from streamgauge.cli.assembled import clear_failures
from streamgauge.cli.configuration import load_settings, with_settings


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [default: 8080]")
@click.option("--workers", type=int, help="Processes that take requests; from 2 on, one more keeps everything.  [default: 1]")
@click.option("--log-level", help="debug, info, warning or error.  [default: info]")
@click.option("--log-format", help="json or text.  [default: json]")
@with_settings
def serve(
    host: str | None,
    port: int | None,
    workers: int | None,
    log_level: str | None,
    log_format: str | None,
    data_dir: str | None,
    config: str | None,
) -> None:
    """Run the server. SIGTERM lets requests under way finish and ends it."""
    settings = load_settings(
        config, data_dir=data_dir, host=host, port=port, workers=workers, log_level=log_level, log_format=log_format
    )
    with clear_failures(settings):
        from streamgauge import assembly

        assembly.serve(settings)
