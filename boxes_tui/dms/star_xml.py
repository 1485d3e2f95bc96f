"""XML BODs as trees (DMS.md §3, adapter 3): no document type, no entities, nothing fetched from outside."""

from __future__ import annotations

from typing import Any, Final

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from boxes_tui.dms.records import FileRefused
from boxes_tui.dms.star_json import MAX_DEPTH
from boxes_tui.i18n import _

_NIL: Final = "nil"
TAGS: Final = 1_200_000
"""Opening and closing ones together: what fits in memory as a tree."""


def tree_of_xml(data: bytes) -> dict[str, Any]:
    """The tree of an XML document under the name of its root; :class:`FileRefused` (``E-XML``) where it is none."""
    if data.count(b"<") > TAGS:
        raise FileRefused("E-READ", _("el documento trae demasiados elementos; exportarlo en partes"))
    try:
        root = fromstring(data, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise FileRefused(
            "E-XML", _("trae una DTD o entidades (<!DOCTYPE, <!ENTITY), que no se leen; exportar el XML sin ellas")
        ) from None
    except ParseError as error:
        line, place = error.position
        said = _("no es XML bien formado (línea {line}, columna {column})")
        raise FileRefused("E-XML", said.format(line=line, column=place + 1), line) from None
    except (ValueError, LookupError):
        raise FileRefused("E-XML", _("la codificación que declara el XML no se puede leer")) from None
    return {_local(root.tag): _node(root, 0)}


def _local(name: Any) -> str:
    """A name without its namespace."""
    return str(name).rpartition("}")[2]


def _node(element: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise FileRefused("E-XML", _("el documento está anidado demasiado hondo"))
    attributes = {_local(name): value for name, value in element.attrib.items()}
    if attributes.pop(_NIL, "") in ("true", "1"):
        return None
    text = element.text or ""
    made: dict[str, Any] = {}
    for child in element:
        if not isinstance(child.tag, str):  # a comment or an instruction; the text goes on behind it
            text += child.tail or ""
            continue
        name, node = _local(child.tag), _node(child, depth + 1)
        if name not in made:
            made[name] = node
        elif isinstance(made[name], list):
            made[name].append(node)
        else:
            made[name] = [made[name], node]
    if made:
        return {**{f"@{name}": value for name, value in attributes.items()}, **made}
    if attributes:
        return {**{f"@{name}": value for name, value in attributes.items()}, "#text": text}
    return text
