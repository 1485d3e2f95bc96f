"""Names, telephones, documents, plates and chassis of the demo: Argentine shapes, none of them of a real
person.
"""

from __future__ import annotations

from random import Random
from typing import Final

from boxes_tui.dms.demo.catalogue import Branch

FAMILY: Final = (
    "PEÑA", "NÚÑEZ", "GÓMEZ", "SOSA", "BÁEZ", "QUIROGA", "MÜLLER", "YÁÑEZ", "ÁVALOS", "RÍOS", "ACUÑA",
    "IBÁÑEZ", "D'ANGELO", "SUÁREZ", "ROMERO", "LÓPEZ", "GARCÍA", "FERNÁNDEZ", "RODRÍGUEZ", "GONZÁLEZ",
    "PÉREZ", "MARTÍNEZ", "ÁLVAREZ", "HERRERA", "MEDINA", "CASTRO", "ORTIZ", "SILVA", "LUNA", "JUÁREZ",
    "CABRERA", "FERREYRA", "GODOY", "MOYANO", "DOMÍNGUEZ", "CARRIZO", "PERALTA", "VILLALBA", "MALDONADO",
    "BUSTOS", "OVIEDO", "ZÁRATE", "FARÍAS", "O'CONNOR", "AGÜERO", "ETCHEVERRY", "CASTAÑEDA", "BRIZUELA",
    "TOLEDO", "ARGAÑARAZ",
)  # fmt: skip
GIVEN: Final = (
    "MARÍA JOSÉ", "RAÚL", "INÉS", "NICOLÁS", "ZOË", "LUCÍA", "MARTÍN", "BELÉN", "ÓSCAR", "ÁNGEL", "JOSÉ",
    "ÍÑIGO", "SOFÍA", "MATÍAS", "VALENTINA", "AGUSTÍN", "CAMILA", "JULIÁN", "PAULA", "DIEGO", "ROMINA",
    "HERNÁN", "GABRIELA", "FEDERICO", "VERÓNICA", "PABLO", "MÓNICA", "SEBASTIÁN", "CLAUDIA", "ANDRÉS",
    "NATALIA", "ESTEBAN", "SILVINA", "GUSTAVO", "CAROLINA", "MARCELO", "FLORENCIA", "RUBÉN", "JIMENA",
    "TOMÁS", "MALENA", "HÉCTOR", "ELENA", "FACUNDO", "MERCEDES", "LEANDRO", "GRACIELA", "IGNACIO",
    "ROSARIO", "SANTIAGO",
)  # fmt: skip
HOSTILE: Final = (
    "GÓMEZ [PARTICULAR], RAÚL",
    "O'HIGGINS, BERNARDO",
    "[/b] GARCÍA, ANA",
    '=HYPERLINK("http://ejemplo.test","VER")',
    "RUIZ\tTAB, JOSÉ",
    "ÑANDÚ, ÑUSTA",
    "FERNÁNDEZ IBARGÜENGOITIA ACHÁVAL DE LA TORRE Y ANCHORENA, MARÍA DE LOS ÁNGELES",
    "[@click=app.quit]LÓPEZ[/], PÍA",
    "O’CONNOR; ÍÑIGO \"EL VASCO\"",
    "\x1b[31mROJO, JUAN",
    "MUÃ‘OZ, MARTÃ\xadN",
    "+5493515550000, NÉSTOR",
    "DE\xa0LA\xa0FUENTE, ZOË",
    "NULLO, NULL",
)  # fmt: skip
"""Names that break what trusts them: markup, formulas, control characters, mojibake, separators, length."""
LONG_BUYER: Final = "FERNÁNDEZ IBARGÜENGOITIA ACHÁVAL, MARÍA DE LOS ÁNGELES"
COMPANIES: Final = (
    "BÁEZ HNOS. S.R.L.", "TRANSPORTE EL ÑANDÚ S.A.", "AGROPECUARIA LAS ACACIAS S.A.",
    "DISTRIBUIDORA O'HIGGINS S.A.S.", "MUNICIPALIDAD DE VILLA ALLENDE", "REMISES SAN MARTÍN",
    "CONSTRUCTORA PEÑA & NÚÑEZ S.A.", "LÁCTEOS DEL SUR S.A.", "ALQUILER DE AUTOS [CBA] S.R.L.",
    "SEMILLERÍA DON ÁNGEL", "CONSULTORA MÜLLER Y ASOC.", "LOGÍSTICA 24/7 S.A.",
)  # fmt: skip

_YEARS: Final = "ABCDEFGHJKLMNPRSTVWXY123456789"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def person(rng: Random) -> str:
    """A name as the DMS writes it: ``FAMILY FAMILY, GIVEN``."""
    family = rng.choice(FAMILY)
    if rng.random() < 0.45:
        family += " " + rng.choice(FAMILY)
    return f"{family}, {rng.choice(GIVEN)}"


def subscriber(index: int, fixed: bool) -> str:
    """The seven digits of customer ``index``; 555-xxxx as long as it lasts."""
    if index < 10_000:
        return f"{(4_500_000 if fixed else 5_550_000) + index}"
    return f"{(4_000_000 if fixed else 6_000_000) + index % 1_000_000}"


def mobile(rng: Random, index: int, branch: Branch) -> str:
    """A mobile in one of the ways in which people write it (FORMATS.md): with 15, with 9, bare, wrong."""
    style = rng.random()
    seven = subscriber(index, fixed=False)
    head, tail, area = seven[:3], seven[3:], branch.area
    if style < 0.30:
        return f"0{area} 15 {head}-{tail}"
    if style < 0.50:
        return f"+54 9 {area} {head}-{tail}"
    if style < 0.68:
        return f"{area}{seven}"
    if style < 0.76:
        return f"15 {head}-{tail}"
    if style < 0.83:
        return f"({area}) 15{seven}"
    if style < 0.89:
        return f"549{area}{seven}"
    if style < 0.94:
        return f"03543 15 {420_000 + index % 79_000}"
    if style < 0.96:
        return "NO TIENE"
    return "" if style < 0.98 else f"{area}-{head}"


def landline(rng: Random, index: int, branch: Branch) -> str:
    """A fixed line, or nothing."""
    style = rng.random()
    seven = subscriber(index, fixed=True)
    if style < 0.40:
        return f"0{branch.area} {seven[:3]}-{seven[3:]}"
    if style < 0.55:
        return f"({branch.area}) {seven}"
    return "" if style < 0.97 else "S/N"


def email(rng: Random, name: str, index: int) -> str:
    """An address of the reserved domain ``.test``; often none."""
    if rng.random() < 0.35:
        return rng.choice(("", "", "no tiene", "NO@TIENE"))
    word = "".join(c for c in name.lower() if "a" <= c <= "z")[:10] or "cliente"
    return f"{word}{index}@ejemplo.test"


def dni(index: int) -> str:
    """A document number, unique by index."""
    return f"{20_000_000 + index * 37 % 25_000_000}"


def cuit(index: int) -> str:
    """A company's tax number with its check digit."""
    body = f"30{70_000_000 + index * 41 % 9_999_999:08d}"
    total = sum(int(c) * w for c, w in zip(body, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True))
    digit = (11 - total % 11) % 11
    return f"{body[:2]}-{body[2:]}-{9 if digit == 10 else digit}"


def plate(index: int, year: int) -> str:
    """A Mercosur plate of about that year, unique by index."""
    second = "DEEFFGGHHIIJ"[min(max(year - 2019, 0), 11)]
    block = index // 1000 + 40
    return (
        f"{'ABC'[index // 676_000]}{second}{index % 1000 * 7 % 1000:03d}"
        f"{_LETTERS[block // 26 % 26]}{_LETTERS[block % 26]}"
    )


def old_plate(index: int) -> str:
    """A plate of the series before 2016 (``AAA000``), for used units."""
    block = index // 1000
    return f"{'OPM'[index % 3]}{_LETTERS[block // 26 % 26]}{_LETTERS[block % 26]}{index % 1000 * 7 % 1000:03d}"


def vin(head: str, year: int, index: int, serial: int) -> str:
    """A chassis of 17 characters; position 9 is no check digit, as in most real ones."""
    plant = "KMPR"[serial // 1_000_000 % 4]
    return f"{head}{index % 10}{_YEARS[(year - 2010) % 30]}{plant}{serial % 1_000_000:06d}"
