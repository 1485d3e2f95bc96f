"""What the demo dealership is made of: branches, models, jobs, people of the house. Pure constants."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Branch:
    """One site: its DMS code, name and telephone area, and the people who work there."""

    code: str
    name: str
    area: str
    city: str
    province: str
    postal: str
    advisors: tuple[str, ...]
    sellers: tuple[str, ...]
    first_order: int
    first_appointment: int


BRANCHES = (
    Branch("CBA", "Casa Central", "351", "CÓRDOBA", "CÓRDOBA", "5000",
           ("VEGA", "SOTO", "IBÁÑEZ"), ("PAZ", "RÍOS"), 3100, 8200),
    Branch("ROS", "Rosario", "341", "ROSARIO", "SANTA FE", "2000",
           ("LEDESMA", "ÑAÑEZ"), ("GIL",), 3100, 8200),
)  # fmt: skip
"""Order and appointment numbers begin alike in both: a number alone is no key (DMS.md §2)."""

BRANCH_SHARE = 0.2
"""Part of the work that belongs to the second branch."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as the DMS writes it; ``vin`` is WMI + VDS (8 characters), ``km_day`` the usual daily use."""

    make: str
    model: str
    version: str
    vin: str
    km_day: float
    weight: int


MODELS = (
    Model("FIAT", "CRONOS DRIVE 1.3", "GSE BT", "8AP35952", 38.0, 22),
    Model("FIAT", "NUEVO SIENA EL 1.4", "EL FIRE", "9BD19713", 41.0, 12),
    Model("TOYOTA", "HILUX SRX 2.8", "4X4 AT", "8AJHA8CD", 62.0, 18),
    Model("VOLKSWAGEN", "AMAROK V6 HIGHLINE", "258 CV 4X4", "8AWDB42H", 58.0, 12),
    Model("RENAULT", "SANDERO STEPWAY", "INTENS 1.6", "8A15SRYE", 34.0, 12),
    Model("PEUGEOT", "208 ALLURE", "PK 1.6 TIPTRONIC", "8AD2MKFW", 36.0, 12),
    Model("FORD", "RANGER XLT 3.2", "4X2 MT", "8AFAR23L", 60.0, 8),
    Model("CHEVROLET", "ONIX PLUS", "PREMIER 1.0T", "9BGEY69H", 37.0, 4),
)
RECALL_MODELS = ("CRONOS DRIVE 1.3", "HILUX SRX 2.8", "AMAROK V6 HIGHLINE")
"""Models that the demo's campaigns concern, in the order of :data:`desk_history.CAMPAIGNS`."""

COLORS = ("BLANCO", "GRIS PLATA", "NEGRO", "ROJO", "AZUL", "GRIS OSCURO", "MARRÓN")
STREETS = (
    "AV. COLÓN", "BV. SAN JUAN", "AV. VÉLEZ SARSFIELD", "9 DE JULIO", "OBISPO SALGUERO", "PJE. NÚÑEZ",
    "AV. PELLEGRINI", "BV. OROÑO", "ITUZAINGÓ", "RONDEAU", "AV. FADER", "CNEL. OLMEDO",
)  # fmt: skip
TOWNS = (
    ("VILLA ALLENDE", "5105"), ("RÍO CEBALLOS", "5111"), ("VILLA CARLOS PAZ", "5152"),
    ("JESÚS MARÍA", "5220"), ("ALTA GRACIA", "5186"), ("VILLA MARÍA", "5900"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of work: its label, the order type of the DMS and the lines it brings."""

    label: str
    order_type: str
    hours: float
    price: int
    """Typical total in whole pesos."""
    lines: tuple[tuple[str, str, str], ...]
    """(kind MO|RE|TE, code, description)."""


_OIL = (
    ("MO", "SV010", "SERVICE PROGRAMADO, MANO DE OBRA"),
    ("RE", "55282-AC", "ACEITE MOTOR 5W30 SINTÉTICO"),
    ("RE", "46544820", "FILTRO DE ACEITE"),
    ("RE", "FA-1120", "FILTRO DE AIRE"),
)
REPAIRS = (
    Job("FRENOS DELANTEROS", "REP", 1.8, 198_400, (
        ("MO", "FR100", "FRENOS: CAMBIO PASTILLAS DELANTERAS"), ("RE", "PD-3321", "JUEGO PASTILLAS DELANTERAS"),
        ("TE", "TORN", "RECTIFICADO DE DISCOS"))),
    Job("ALINEACIÓN Y BALANCEO", "REP", 1.0, 84_500, (
        ("MO", "AL010", "ALINEACIÓN"), ("MO", "BL010", "BALANCEO 4 RUEDAS"))),
    Job("DIAGNÓSTICO ELECTRÓNICO", "REP", 1.2, 67_300, (("MO", "DG001", "DIAGNÓSTICO CON ESCÁNER"),)),
    Job("RUIDO EN TREN DELANTERO", "GAR", 3.0, 0, (
        ("MO", "TD220", "TREN DELANTERO: CAMBIO BIELETAS"), ("RE", "BI-778", "BIELETA × 2"))),
    Job("CORREA DE DISTRIBUCIÓN", "REP", 4.5, 612_900, (
        ("MO", "DI300", "DISTRIBUCIÓN: CAMBIO DE KIT"), ("RE", "KD-9021", "KIT DISTRIBUCIÓN"),
        ("RE", "BA-114", "BOMBA DE AGUA"))),
    Job("CHAPA Y PINTURA PARAGOLPES", "SIN", 16.0, 1_284_000, (
        ("TE", "CHP", "CHAPA Y PINTURA, PARAGOLPES DELANTERO"), ("RE", "PG-01", "PARAGOLPES DELANTERO"))),
    Job("BATERÍA", "REP", 0.5, 231_000, (("RE", "BT-65", "BATERÍA 12V 65AH"), ("MO", "EL001", "COLOCACIÓN"))),
    Job("AIRE ACONDICIONADO", "REP", 2.0, 142_750, (
        ("MO", "AA010", "CARGA DE GAS Y CONTROL DE FUGAS"), ("RE", "FH-22", "FILTRO DE HABITÁCULO"))),
)  # fmt: skip


def service_job(km: int) -> Job:
    """The maintenance that belongs to a reading, to the next full 10.000 km."""
    step = max(1, round(km / 10_000)) * 10_000
    label = f"SERVICE {step:,} KM".replace(",", ".")
    return Job(label, "SRV", 2.0, 236_000 + step, _OIL)


COMPLAINTS = (
    "CLIENTE REFIERE VIBRACIÓN A 110 KM/H", "RUIDO EN TREN DELANTERO AL DOBLAR",
    "PIERDE POTENCIA EN SUBIDA", "NO ENFRÍA EL AIRE", "LUZ DE MOTOR ENCENDIDA; YA VINO DOS VECES",
    "CHILLIDO AL FRENAR «EN FRÍO»", "CUESTA ARRANCAR POR LA MAÑANA", "GOTEA ACEITE EN LA COCHERA",
)  # fmt: skip
CAUSES = (
    "BIELETA CON JUEGO",
    "PASTILLAS GASTADAS",
    "SENSOR DE TEMPERATURA",
    "FILTRO SATURADO",
    "JUNTA RESECA",
)
CORRECTIONS = ("SE REEMPLAZA Y PRUEBA EN RUTA", "SE LIMPIA Y AJUSTA", "SE REPROGRAMA UNIDAD DE CONTROL")
ADVICE = ("CAMBIAR PASTILLAS EN 5.000 KM", "REVISAR CUBIERTAS TRASERAS", "CAMBIAR LÍQUIDO DE FRENOS")
RESULTS = ("TERMINADO", "TERMINADO", "TERMINADO", "TERMINADO CON OBSERVACIONES", "PENDIENTE DE REPUESTO")
NOTES = (
    "",
    "",
    "",
    "TRAE LLAVE DUPLICADA",
    "LLAMAR ANTES DE FACTURAR",
    "CLIENTE ESPERA EN SALA",
    "RETIRA OTRA PERSONA",
)
TECHNICIANS = ("M. OJEDA", "J. PERALTA", "R. BÁEZ", "F. YÁÑEZ")
