"""``boxes campaign preview|create|list|undo``: the wizard's steps on the command line (PRODUCT §8, §10)."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from boxes_tui.cli import out
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

if TYPE_CHECKING:
    from boxes_tui.bootstrap import House
    from boxes_tui.desk.campaign_plan import Plan

app = typer.Typer(no_args_is_help=True, help="Campañas: informe de una lista, crear, seguir, deshacer.")

Text = Optional[str]  # noqa: UP045  Typer reads this at run time
Number = Optional[int]  # noqa: UP045
Vins = Annotated[Text, typer.Option("--vins", help="Archivo con VIN, chasis, patentes o rangos; - = entrada estándar.")]
Type = Annotated[str, typer.Option("--type", help="technical_note, recall, service u offer.")]


def _list_text(vins: str) -> str:
    from boxes_tui.desk.campaign_lines import read_list

    if vins == "-":
        return sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    return read_list(Path(vins).expanduser())


@app.command("preview")
@guarded
def preview(vins: Vins = None, type_: Type = "technical_note", json: Json = False) -> None:
    """Dice qué es cada línea de una lista; no guarda nada."""
    from boxes_tui.desk.campaign_match import match_list
    from boxes_tui.desk.campaign_plan import check_type
    from boxes_tui.errors import UsageError

    if not vins:
        raise UsageError(_("Falta la lista: --vins ARCHIVO"))
    check_type(type_)
    found = house(statement_ms=120_000).read(match_list, _list_text(vins), type_)
    if json:
        out.json({"lines": [line.as_json() for line in found.lines], "counts": found.counts})
        return
    out.table(("línea", "texto", "grupo", "unidades"),
              [(n.line, n.text, n.match, " ".join(map(str, n.vehicles[:8]))) for n in found.lines])  # fmt: skip
    out.say("  ".join(f"{group} {n}" for group, n in found.counts.items()))


@app.command("create")
@guarded
def create(
    name: Annotated[str, typer.Option("--name", help="Nombre de la campaña.")],
    type_: Annotated[str, typer.Option("--type", help="technical_note, recall, service u offer.")],
    due: Annotated[Text, typer.Option("--due", help="Vencimiento, o primer día del reparto.")] = None,
    per_day: Annotated[Number, typer.Option("--per-day", min=1, help="Cuántas por día hábil.")] = None,
    agents: Annotated[Text, typer.Option("--agents", help="Usuarios, separados por comas; por turno.")] = None,
    script: Annotated[Text, typer.Option("--script", help="Guion del llamado.")] = None,
    codes: Annotated[Text, typer.Option("--operation-codes", help="Códigos de operación que la cumplen.")] = None,
    vins: Vins = None,
    make: Annotated[Text, typer.Option("--make", help="Marca.")] = None,
    model: Annotated[Text, typer.Option("--model", help="Modelo.")] = None,
    year_from: Annotated[Number, typer.Option("--year-from", help="Año modelo, desde.")] = None,
    year_to: Annotated[Number, typer.Option("--year-to", help="Año modelo, hasta.")] = None,
    service_from: Annotated[Text, typer.Option("--last-service-from", help="Último service, desde.")] = None,
    service_to: Annotated[Text, typer.Option("--last-service-to", help="Último service, hasta.")] = None,
    km_from: Annotated[Number, typer.Option("--km-from", help="Km, desde.")] = None,
    km_to: Annotated[Number, typer.Option("--km-to", help="Km, hasta.")] = None,
    not_since: Annotated[Text, typer.Option("--no-service-since", help="Sin service desde ese día.")] = None,
    branch: Annotated[Text, typer.Option("--branch", help="Unidades que vio esa sucursal.")] = None,
    saved: Annotated[Text, typer.Option("--segment", help="Un segmento guardado, en lugar de los filtros.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Sólo dice qué haría.")] = False,
    key: Annotated[Text, typer.Option("--key", help="Clave de idempotencia.")] = None,
    json: Json = False,
) -> None:
    """Crea una campaña con una lista, con filtros, o con los dos a la vez."""
    from boxes_tui.desk.campaign_plan import Choice
    from boxes_tui.desk.campaign_segment import Segment
    from boxes_tui.desk.campaigns import CreateCampaign
    from boxes_tui.desk.campaigns import dry_run as try_out
    from boxes_tui.desk.segments import saved_segment, segment_of
    from boxes_tui.errors import UsageError

    with_house = house(statement_ms=120_000)
    segment = Segment(
        make, model, year_from, year_to, _day(with_house, service_from), _day(with_house, service_to), km_from, km_to,
        _day(with_house, not_since), branch,
    )  # fmt: skip
    if saved:
        if not segment.empty:
            raise UsageError(_("--segment no va con otros filtros."))
        segment = segment_of(with_house.read(saved_segment, saved), _now(with_house))
    choice = Choice(_list_text(vins) if vins else None, segment)
    command = CreateCampaign(name, type_, choice, due, per_day, _split(agents), script, _split(codes))
    if dry_run:
        _tell(with_house.read(try_out, command), json)
        return
    made = with_house.execute(command, key)
    if json:
        out.json(made.result)
        return
    r = made.result
    out.say(
        _("Se creó la campaña {campaign}: {created} oportunidades nuevas, {joined} se suman a una abierta.").format(
            campaign=r["campaign"], created=r["created"], joined=r["joined"]
        )
    )


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _day(with_house: House, text: str | None) -> date | None:
    from boxes_tui.reports.spans import day

    return day(with_house.session, text) if text else None


def _now(with_house: House) -> datetime:
    session = with_house.session
    return session.clock.local(session.zone_of(session.branches[0].id if session.branches else None))


@app.command("segments")
@guarded
def segments(
    drop: Annotated[Text, typer.Option("--delete", help="Borra el de ese nombre.")] = None, json: Json = False
) -> None:
    """Los segmentos guardados: nombre y filtros."""
    from boxes_tui.desk.segments import DropSegment, saved_segments

    with_house = house()
    if drop:
        with_house.execute(DropSegment(drop))
    found = with_house.read(saved_segments)
    if json:
        out.json({"total": len(found), "rows": [{"name": n, "fields": f} for n, f in found.items()]})
        return
    out.table(("segmento", "filtros"), [(n, "  ".join(f"{k}={v}" for k, v in f.items())) for n, f in found.items()])


def _tell(plan: Plan, json: bool) -> None:
    made = plan.as_json()
    if json:
        out.json(made)
        return
    out.data(
        _("{created} oportunidades nuevas, {joined} se suman a una abierta").format(
            created=made["created"], joined=made["joined"]
        )
    )
    for login, n in made["agents"].items():
        out.data(f"  {login}: {n}")
    for item in made["days"]:
        out.data(f"  {item['day']}: {item['n']}")
    out.say(_("Ensayo: no se grabó nada."))


@app.command("list")
@guarded
def list_(
    every: Annotated[bool, typer.Option("--all", help="También las deshechas.")] = False, json: Json = False
) -> None:
    """Las campañas con su avance."""
    from boxes_tui.reports.campaign_progress import campaign_list

    found = house().read(campaign_list, every=every)
    if json:
        out.json({"total": len(found), "rows": [_line(c) for c in found]})
        return
    out.table(
        ("id", "campaña", "tipo", "creada", "asignadas", "hechas", "abiertas", "bloqueadas"),
        [(c.id, c.name, c.type, c.created, c.assigned, c.done, c.open, c.blocked) for c in found],
    )


def _line(c: Any) -> dict[str, Any]:
    return {
        "campaign": str(c.id), "id": str(c.id), "name": c.name, "type": c.type, "created": c.created.isoformat(),
        "due": c.due.isoformat() if c.due else None, "assigned": c.assigned, "done": c.done, "open": c.open,
        "blocked": c.blocked, "joined": c.joined, "undone": c.undone, "closed": c.closed,
    }  # fmt: skip


@app.command("show")
@guarded
def show(id_: Annotated[str, typer.Argument(metavar="ID", help="El id de campaign list.")], json: Json = False) -> None:
    """Una campaña: alcance, conversión, cumplimiento, y a quiénes no se puede llamar."""
    from boxes_tui.desk.campaigns import why_text
    from boxes_tui.domain.kpis import name, written
    from boxes_tui.reports.campaign_progress import campaign_progress

    found = house().read(campaign_progress, _id(id_))
    left = [{"vehicle_id": str(u.vehicle_id), "vin": u.vin, "plate": u.plate, "why": u.why} for u in found.left]
    if json:
        kpis = [
            {"code": f.kpi.code, "label": name(f.kpi), "num": f.num, "den": f.den, "value": f.value} for f in found.kpis
        ]
        out.json({**_line(found.line), "kpis": kpis, "left": left})
        return
    for figure in found.kpis:
        out.data(f"{name(figure.kpi)}: {written(figure)}")
    for unit in found.left:
        out.data(f"  {unit.plate or unit.vin}: {why_text(unit.why)}")


@app.command("undo")
@guarded
def undo(id_: Annotated[str, typer.Argument(metavar="ID", help="El id de campaign list.")], json: Json = False) -> None:
    """Deshace una campaña entera mientras no se haya trabajado ninguna unidad."""
    from boxes_tui.desk.campaign_undo import UndoCampaign

    made = house(statement_ms=120_000).execute(UndoCampaign(_id(id_)))
    if json:
        out.json(made.result)
        return
    out.say(_("Se deshizo la campaña: {cancelled} oportunidades anuladas.").format(cancelled=made.result["cancelled"]))


def _id(text: str) -> int:
    from boxes_tui.errors import UsageError
    from boxes_tui.text import row_number

    number = row_number(text)
    if number is None:
        raise UsageError(_("«{text}» no es el id de una campaña; están en: boxes campaign list").format(text=text))
    return number
