"""The Typer application: names and places of every command (PRODUCT §10)."""

from __future__ import annotations

import typer

from boxes_tui.cli import (
    admin,
    audit,
    branch,
    campaign,
    customer,
    demo,
    dnc,
    do,
    import_,
    outbox,
    queue,
    report,
    retention,
    rights,
    seed,
    sync,
    user,
    wallboard,
)
from boxes_tui.cli.speech import Boxes

app = typer.Typer(
    name="boxes",
    cls=Boxes,
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Tablero de Agendamiento Activo: la posventa de un concesionario, por teléfono y en la terminal.",
)


@app.callback(invoke_without_command=True)
def _root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        from boxes_tui.app import run

        raise typer.Exit(run())


app.command("init")(admin.init)
app.command("queue")(queue.queue)
app.command("report")(report.report)
app.command("doctor")(admin.doctor)
app.command("retention")(retention.retention)
app.command("demo")(demo.demo)
app.add_typer(admin.db, name="db")
app.add_typer(admin.config, name="config")
rights.add_to(customer.app)
app.add_typer(customer.app, name="customer")
app.add_typer(sync.app, name="sync")
app.add_typer(do.app, name="do")
app.add_typer(outbox.app, name="outbox")
app.add_typer(user.app, name="user")
app.command("ssh-keys")(user.ssh_keys)
app.add_typer(branch.app, name="branch")
app.add_typer(campaign.app, name="campaign")
app.add_typer(dnc.app, name="dnc")
app.add_typer(audit.app, name="audit")
app.command("wallboard")(wallboard.wallboard)
app.command("import")(import_.import_work)
app.add_typer(seed.app, name="seed")
