"""The command line. Each command has a file of its own; heavy modules are imported inside the commands.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage. Errors are one clear line with the mend, on standard error.
"""

import click

from streamgauge.cli.config import config
from streamgauge.cli.exporting import export
from streamgauge.cli.importing import import_
from streamgauge.cli.keys import keys
from streamgauge.cli.projects import projects
from streamgauge.cli.rates import rates
from streamgauge.cli.serve import serve
from streamgauge.cli.users import users
from streamgauge.cli.verify import verify
from streamgauge.cli.websites import websites


@click.group("streamgauge", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="streamgauge", message="%(prog)s %(version)s")
def main() -> None:
    """Streamgauge: events in once; product metrics, web analytics and usage metering out."""


for _command in (serve, projects, keys, users, websites, rates, verify, import_, export, config):
    main.add_command(_command)
