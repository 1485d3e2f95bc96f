"""A mapping proposed from a header and some rows: the beginning of a TOML that a person then finishes (DMS.md §3)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from boxes_tui.dms.records import FIELDS
from boxes_tui.text import fold

FORMATS: Final = (
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y", "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y%m%d",
)  # fmt: skip
_WORDS: Final[dict[str, str]] = {
    "display_name": r"cliente|nombre|razon social|titular|name",
    "doc_number": r"(nro )?(documento|doc|dni|cuit)|tax ?id",
    "email": r"e?mail|correo",
    "phones": r"(tel(efono)?|cel(ular)?|movil|mobile|phone)( .*)?",
    "contact_phone": r"(tel(efono)?|cel(ular)?|movil|mobile|phone|contact ?(mobile|phone))( .*)?",
    "contact_name": r"contacto|contact|cliente|nombre",
    "buyer_name": r"comprador|cliente|buyer",
    "address": r"domicilio|direccion|address",
    "city": r"localidad|ciudad|city",
    "customer_key": r"(cod|codigo|nro|id)? ?(de )?cliente|customer ?(no|id|key)?|cod cli",
    "owner_key": r"cod titular|(cod|codigo|nro|id) ?(de )?cliente|customer ?(no|id)?",
    "plate": r"dominio|patente|plate|chapa",
    "vin": r"vin",
    "chassis": r"(nro )?(chasis|chassis|bastidor)",
    "make": r"marca|make",
    "model": r"modelo|model",
    "vehicle_text": r"unidad|vehiculo|vehicle|modelo",
    "odometer_km": r"km|kilometraje|kilometros|odometer",
    "odometer_in": r"km|kilometraje|kilometros|odometer",
    "starts_at": r"(fec(ha)?|inicio)( ?(de )?turno)?|start|date",
    "opened_at": r"(fec(ha)? )?(de )?(apertura|ingreso|alta)|fecha|opened",
    "delivered_at": r"(fec(ha)? )?(de )?entrega|delivered|handover|fecha",
    "promised_at": r"(fec(ha)? )?promet(ida|ido)|promised",
    "closed_at": r"(fec(ha)? )?(de )?cierre|closed",
    "invoiced_at": r"(fec(ha)? )?(de )?factura(cion)?|invoiced",
    "source_updated_at": r"(fec(ha)?|ult(imo)?) ?(mod.*|mov.*)|updated.*",
    "number": r"(nro|numero)( de)?( or| orden)?|order ?no",
    "repair_order_key": r"(nro )?(or|orden)|order ?no",
    "status": r"estado|state|status",
    "branch": r"suc(ursal)?|site|branch|taller",
    "advisor": r"asesor|advisor|recepcionista",
    "salesperson": r"vendedor|salesperson",
    "services": r"trabajos?|servicios?|job|service",
    "notes": r"obs(ervaciones)?|notas?|remarks|notes|comentarios?",
    "description": r"descripcion|detalle|text|description",
    "text": r"detalle|texto|text|queja",
    "code": r"cod(igo)?|op ?code|code",
    "quantity": r"cant(idad)?|qty|quantity",
    "amount": r"importe|monto|amount",
    "total": r"total.*|importe|amount",
    "line_no": r"renglon|linea|line|item",
    "seq": r"item|seq|renglon",
}  # fmt: skip


def propose(source: str, entity: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """TOML of an entity: the fields that the column names suggest, and every other column as a comment."""
    left = [name for name in header if name]
    lines: list[str] = []
    for field, kind in FIELDS[entity].items():
        pattern = _WORDS.get(field)
        found = next((n for n in left if pattern and re.fullmatch(pattern, fold(n))), None)
        if found is None:
            continue
        left.remove(found)
        form = _format(header, rows, found) if kind in ("instant", "day") else None
        column = json.dumps(found, ensure_ascii=False)
        lines.append(f"{field} = {{ from = {column}, format = {json.dumps(form)} }}" if form else f"{field} = {column}")
    lines += [f"# {name}" for name in left]
    return f"[source.{source}.entity.{entity}.map]\n" + "\n".join(lines) + "\n"


def _format(header: Sequence[str], rows: Sequence[Sequence[str]], column: str) -> str | None:
    """The first format that reads every date of a column."""
    place = list(header).index(column)
    said = [row[place].strip() for row in rows if place < len(row) and re.search("[1-9]", row[place])]
    return next((form for form in FORMATS if said and all(_reads(form, text) for text in said)), None)


def _reads(form: str, text: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True
