"""How the foreign DMS writes its rows: one function per file, text out. ``demo.toml`` is the way back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from boxes_tui.dms.demo.catalogue import BRANCHES
from boxes_tui.dms.demo.cell import Cell
from boxes_tui.dms.demo.state import Appointment, Customer, Delivery, Order, Vehicle

HEADS = {
    "clientes": (
        "COD_CLIENTE;RAZON_SOCIAL;TIPO;TIPO_DOC;NRO_DOC;CELULAR;TELEFONO;TEL_LABORAL;EMAIL;DOMICILIO;LOCALIDAD;"
        "PROVINCIA;COD_POSTAL;FEC_NACIM;FEC_MODIF;HORA_MODIF"
    ),
    "unidades": (
        "NRO_UNIDAD;CHASIS;DOMINIO;MARCA;MODELO;VERSION;ANIO;COLOR;NRO_MOTOR;FEC_VENTA;FIN_GARANTIA;KM;"
        "COD_TITULAR;FEC_MODIF;HORA_MODIF"
    ),
    "entregas": (
        "NRO_OPERACION;SUCURSAL;FEC_VENTA;FEC_ENTREGA;HORA_ENTREGA;CHASIS;DOMINIO;COD_CLIENTE;COMPRADOR;"
        "TIPO_VENTA;VENDEDOR;ESTADO"
    ),
    "turnos": (
        "SUCURSAL;NRO_TURNO;FECHA;HORA;DURACION;FEC_ALTA;COD_CLIENTE;CLIENTE;CONTACTO;CELULAR;TELEFONO;EMAIL;"
        "DOMINIO;CHASIS;UNIDAD;ASESOR;TRABAJO;TRABAJO2;OBSERVACIONES;ESTADO;FEC_INGRESO;HORA_INGRESO;SUC_OR;NRO_OR"
    ),
    "renglones": "SUCURSAL;NRO_OR;RENGLON;TIPO;CODIGO;DESCRIPCION;CANTIDAD;HORAS;IMPORTE;CARGO;MECANICO",
    "incidencias": "SUCURSAL;NRO_OR;ITEM;TIPO;DETALLE;FECHA;GRAVEDAD",
}
ORDER_HEADS = (
    "SUCURSAL", "NRO_OR", "ESTADO", "FEC_APERTURA", "FEC_PROMETIDA", "FEC_TERMINADA", "FEC_FACTURA",
    "FEC_ENTREGA", "COD_CLIENTE", "CHASIS", "DOMINIO", "KM", "TIPO_OR", "CARGO", "ASESOR", "RESULTADO",
    "TOTAL_OR", "SUC_TURNO", "NRO_TURNO", "OBSERVACIONES", "ULT_MOV",
)  # fmt: skip
SPOILT = {
    "clientes": (";SIN CÓDIGO, CLIENTE;F;DNI;1;;;;;;;;;30/12/1899;30/12/1899;",),
    "unidades": ("U999999;;;FIAT;SIN IDENTIDAD;;2020;;;30/12/1899;30/12/1899;0;;30/12/1899;",),
    "entregas": (
        "V-000001;CBA;01/02/2023;31/02/2023;10:00;;;000999;FECHA IMPOSIBLE;0KM;PAZ;E",
        "V-000002;CBA;01/03/2023;02/03/2023;10:00;;ZZ000AA;000999;OPERACIÓN REPETIDA;0KM;PAZ;E",
        "V-000002;CBA;01/03/2023;03/03/2023;11:00;;ZZ000AB;000999;OPERACIÓN REPETIDA;0KM;PAZ;E",
    ),
    "turnos": (
        "CBA;1;a confirmar;10:00;60;01/03/2023;;SIN FECHA, JUAN;;3515559999;;;;;CRONOS;VEGA;SERVICE;;;P;;;;",
        "CBA;2;01/03/2023;10:00;60;01/03/2023;;PUNTO; COMA, ANA;;3515559998;;;;;CRONOS;VEGA;SERVICE;;;P;;;;",
    ),
}  # fmt: skip
"""Rows that no sync can accept, in every export: no key, no identity, an impossible date, one field too
many.
"""
NULL_DATE, OLD_NULL = "  /  /    ", "30/12/1899"
WINDOW = (-15, 75)
"""Days of turnos in a running export: wider than the mapping's window, whatever the hour of the sync."""


def day(value: date | None, null: str = NULL_DATE) -> str:
    """``dd/mm/yyyy``, or one of the DMS's empty dates."""
    return f"{value.day:02d}/{value.month:02d}/{value.year}" if value else null


def hour(value: datetime | None) -> str:
    """``HH:MM`` or nothing."""
    return f"{value.hour:02d}:{value.minute:02d}" if value else ""


def text(value: str) -> str:
    """A free text as a CSV field."""
    if ";" in value or '"' in value:
        return '"' + value.replace('"', '""') + '"'
    return value


def hundredths(value: int) -> str:
    """Hundredths with a decimal comma."""
    return f"{value // 100},{value % 100:02d}"


def customer(row: Customer) -> str:
    """A line of ``clientes``."""
    changed = row.changed
    kind = "J;CUIT" if row.company else "F;DNI"
    return (
        f"{row.key};{text(row.name)};{kind};{row.doc};"
        f"{row.mobile};{row.phone};{row.work};{row.email};{row.address};{row.city};{row.province};{row.postal};"
        f"{day(row.born, OLD_NULL)};{day(changed)};{hour(changed)}:{changed.second:02d}"
    )


def vehicle(row: Vehicle) -> str:
    """A line of ``unidades``."""
    changed, model = row.changed, row.model
    warranty = date(row.sold_on.year + 3, row.sold_on.month, min(row.sold_on.day, 28)) if row.year > 2019 else None
    engine = f"M{row.vin[-6:]}" if row.index % 3 else "NULL"
    return (
        f"{row.key};{row.chassis};{row.plate};{model.make};{model.model};{model.version};{row.year};{row.color};"
        f"{engine};{day(row.sold_on, OLD_NULL)};{day(warranty, OLD_NULL)};{row.reading};{row.owner.key};"
        f"{day(changed)};{hour(changed)}:{changed.second:02d}"
    )


def delivery(row: Delivery) -> str:
    """A line of ``entregas``."""
    when, unit = row.delivered, row.vehicle
    sold = when.date() - timedelta(days=unit.index % 9 + 1)
    return (
        f"{row.key};{BRANCHES[row.branch].code};{day(sold)};{day(when)};"
        f"{'' if row.dated_only else hour(when)};{unit.chassis};{unit.plate};{row.customer.key};"
        f"{text(row.customer.name)};{row.condition};{row.seller};{'A' if row.annulled else 'E'}"
    )


def appointment(row: Appointment) -> str:
    """A line of ``turnos``: customer, telephone, plate and chassis once more in every one."""
    who, unit, start = row.customer, row.vehicle, row.start
    when = day(start) if row.number % 40 != 7 else f"{start.day:02d}/{start.month:02d}/{start.year % 100:02d}"
    name = who.name if who else row.caller
    contact = row.caller if who and row.caller != name else ""
    plate = chassis = label = ""
    if unit is not None:
        label, plate = unit.label, unit.plate
        chassis = (unit.chassis, unit.chassis[-7:], "" if plate else unit.chassis)[row.number % 3]
    linked = row.order if row.linked and row.order else None
    branch = BRANCHES[row.branch].code
    return (
        f"{branch};{row.number};{when};{hour(start)};{60 if row.second_job else 90};{day(row.booked)};"
        f"{who.key if who else ''};{text(name)};{text(contact)};{row.caller_phone};"
        f"{who.phone if who else ''};{who.email if who else ''};{plate};{chassis};{label};{row.advisor};"
        f"{row.job};{row.second_job};{row.notes};{row.status};{day(row.arrived)};{hour(row.arrived)};"
        f"{branch if linked else ''};{linked.number if linked else ''}"
    )


def lines(row: Order) -> Iterator[str]:
    """The lines of an order for ``renglones``."""
    head = f"{BRANCHES[row.branch].code};{row.number}"
    for n, (kind, code, label, quantity, hours, amount, pay, who) in enumerate(row.lines, 1):
        yield (
            f"{head};{n};{kind};{code};{label};{hundredths(quantity)};{hundredths(hours) if hours else ''};"
            f"{hundredths(amount)};{pay};{who}"
        )


def incidents(row: Order) -> Iterator[str]:
    """The incidents of an order for ``incidencias``."""
    head = f"{BRANCHES[row.branch].code};{row.number}"
    for n, (kind, what, when, severity) in enumerate(row.incidents, 1):
        yield f"{head};{n};{kind};{text(what)};{day(when)};{severity}"


def in_window(row: Appointment, cell: Cell) -> bool:
    """Whether a running export of ``turnos`` covers an appointment."""
    return WINDOW[0] <= (row.start.date() - cell.now.date()).days <= WINDOW[1]
