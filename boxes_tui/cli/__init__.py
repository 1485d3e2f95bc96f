"""The command line (PRODUCT §10): one module per command group; data on stdout, the rest on stderr.

Importing this loads Typer and nothing heavy: no Textual, SQLAlchemy ORM, Alembic or plotext.
"""
