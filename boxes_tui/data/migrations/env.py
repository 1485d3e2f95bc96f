"""Alembic's entry: runs on the connection that ``data.schema.upgrade`` hands over, inside its transaction."""

from alembic import context

from boxes_tui.data.tables.waiting import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
