"""``boxes customer search|show``: reads of the customer card (export, rectify and erase are in ``cli.rights``)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Optional
from zoneinfo import ZoneInfo

import typer

from boxes_tui.cli import out, rights
from boxes_tui.cli.common import Json, guarded, house
from boxes_tui.i18n import _

if TYPE_CHECKING:
    from boxes_tui.data.reads.customers import Card
    from boxes_tui.data.reads.search import Hit

app = typer.Typer(no_args_is_help=True, help="Clientes: buscar, ver, y los derechos del titular.")


@app.command("search")
@guarded
def search_customers(
    text: Annotated[str, typer.Argument(help="Patente, chasis, teléfono, nombre, documento, OR o turno.")],
    limit: Annotated[Optional[int], typer.Option("--limit", min=1)] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Busca en cualquier dato; sin acentos, o por las últimas 4 cifras o más."""
    import sys

    from boxes_tui.data.reads.search import search

    hits = house().read(search, text)
    shown = hits[: limit or (200 if sys.stdout.isatty() and not json else None)]
    if json:
        out.json({"query": text, "total": len(hits), "rows": [_hit(h) for h in shown]})
        return
    out.table(
        ("id", "cliente", "documento", "teléfonos", "unidades", "coincide"),
        [
            (
                h.id,
                h.name,
                h.doc,
                " ".join(h.phones),
                " ".join(str(v[1] or v[0] or "") for v in h.vehicles),
                h.matched,
            )
            for h in shown
        ],
    )
    out.say(
        _("{n} resultados").format(n=len(hits))
        if len(shown) == len(hits)
        else _("{n} resultados, se muestran {shown}").format(n=len(hits), shown=len(shown))
    )


def _hit(h: Hit) -> dict[str, Any]:
    return {
        "id": str(h.id) if h.id is not None else None,
        "name": h.name,
        "doc": h.doc,
        "phones": list(h.phones),
        "vehicles": [{"vin": vin, "plate": plate, "model": model} for vin, plate, model in h.vehicles],
        "matched": h.matched,
        "open_opportunity": h.open_opportunity,
    }


@app.command("show")
@guarded
def show_customer(
    id_: Annotated[str, typer.Argument(metavar="ID", help="El id de customer search.")], json: Json = False
) -> None:
    """Muestra un cliente: teléfonos, unidades con sus servicios, llamados, oportunidades y turnos."""
    from boxes_tui.data.reads.customers import card

    found = house().read(card, customer_number(id_))
    if json:
        out.json(card_json(found))
        return
    _print(found)


def customer_number(text: str) -> int:
    """The id of a customer as it is written; :class:`UsageError` where it is no number."""
    from boxes_tui.errors import UsageError
    from boxes_tui.text import row_number

    number = row_number(text)
    if number is None:
        raise UsageError(
            _("«{text}» no es un id de cliente; se obtiene con: boxes customer search TEXTO --json").format(text=text)
        )
    return number


def _iso(value: datetime | date | None) -> str | None:
    if isinstance(value, datetime) and value.tzinfo is UTC:
        from boxes_tui.clock import DEFAULT_ZONE

        value = value.astimezone(ZoneInfo(DEFAULT_ZONE))
    return value.isoformat() if value is not None else None


def card_json(card: Card) -> dict[str, Any]:
    """The card as PRODUCT §10 fixes it."""
    from boxes_tui.data.reads.reach import CONTACT_KINDS

    c = card.customer
    return {
        "customer": {
            "id": str(c["id"]), "dms_id": c["source_key"], "name": c["display_name"], "kind": c["kind"],
            "doc": c["doc_number"], "email": c["email"], "address": c["address"], "city": c["city"],
            "province": c["province"], "birth_date": _iso(c["birth_date"]), "blocked": card.blocked,
            "person": str(c["person_id"] or c["id"]),
        },
        "phones": [
            {"id": str(p.id), "raw": p.raw, "e164": p.e164, "kind": p.kind, "whatsapp": p.whatsapp,
             "wrong": p.wrong_at is not None, "blocked": card.blocked is not None or p.blocked}
            for p in card.phones
        ],
        "vehicles": [
            {"id": str(v.id), "vin": v.vin, "plate": v.plate, "model": v.model, "model_year": v.model_year, "km": v.km,
             "predicted_due": _iso(v.predicted_due), "since": _iso(v.since), "until": _iso(v.until),
             "services": [
                 {"order": s.order, "branch": s.branch, "opened": _iso(s.opened), "delivered": _iso(s.delivered),
                  "km": s.km, "result": s.result or s.status, "lines": list(s.lines),
                  "incidents": [text for _kind, text in s.incidents]}
                 for s in v.services
             ]}
            for v in card.vehicles
        ],
        "calls": [
            {"id": str(x.id), "act": str(x.act) if x.act is not None else None, "at": _iso(x.at), "agent": x.agent,
             "type": x.type, "disposition": x.code, "note": x.note, "score": x.score, "branch": x.branch}
            for x in card.lines if x.kind == "call"
        ],
        "notes": [
            {"id": str(x.id), "at": _iso(x.at), "agent": x.agent, "kind": x.kind, "note": x.note, "branch": x.branch}
            for x in card.lines if x.kind in ("note", "comment")
        ],
        "contacts": [
            {"id": str(x.id), "at": _iso(x.at), "agent": x.agent, "channel": x.kind, "detail": x.note, "branch": x.branch}
            for x in card.lines if x.kind in CONTACT_KINDS
        ],
        "opportunities": [
            {"id": str(o["id"]), "origin": o["origin"], "state": o["state"], "due": _iso(o["due_day"]),
             "about": o["about"], "reason": o["reason"], "sold_at": _iso(o["sold_for"]), "match": o["match"]}
            for o in card.opportunities
        ],
        "appointments": [
            {"id": str(a["id"]), "dms_id": a["source_key"], "starts_at": _iso(a["local_start"]), "status": a["status"],
             "state": a["state"], "comment": a["comment"]}
            for a in card.appointments
        ],
    }  # fmt: skip


def _print(card: Card) -> None:
    c = card.customer
    out.data(" · ".join(str(x) for x in (c["display_name"], c["doc_number"], c["city"], c["email"]) if x))
    for p in card.phones:
        out.data(f"  {p.e164 or p.raw} {p.kind}" + ("  " + _("mal") if p.wrong_at else ""))
    for v in card.vehicles:
        out.data(" ".join(str(x) for x in ("·", v.plate, v.vin, v.model, v.model_year) if x))
        for s in v.services:
            out.data(
                "    "
                + "  ".join(str(x) for x in (s.opened, s.order, s.km, s.about, s.result or s.status) if x is not None)
            )
            for _kind, text in s.incidents:
                out.data(f"      {text}")
    for x in card.lines:
        detail = (
            _("gestionado en {branch}").format(branch=x.branch)
            if x.hidden
            else " ".join(str(y) for y in (x.agent, x.code, x.score, x.note) if y)
        )
        out.data(f"  {x.at:%Y-%m-%d %H:%M} {detail}")


rights.add_to(app)
