"""What Alembic runs: the migrations on the connection that `upgrade_to_head` hands over, in its transaction."""

from alembic import context

from streamgauge.control.metering_tables import meters

context.configure(connection=context.config.attributes["connection"], target_metadata=meters.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
