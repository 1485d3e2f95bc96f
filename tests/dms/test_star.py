"""STAR as a source (DMS.md §3): JSON of both dialects, XML BODs, BODIDs, DTDs refused, pages over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from boxes_tui.dms.mapping import load_sources
from boxes_tui.dms.records import FileRead, FileRefused, Record, Reject
from boxes_tui.dms.spec import SourceSpec
from boxes_tui.dms.star import Pages, StarHttp, open_star, raw_of_star, retry_after

DOMAIN = """
key = ["appointment_id"]
[source.star.entity.appointment.map]
starts_at = "scheduled_start"
status = { from = "appointment_status", values = { CONFIRMED = "confirmed", SCHEDULED = "scheduled" } }
customer_key = "customer.identifier.value"
vin = "vin"
customer.family_name = "customer.name.last_name"
"""
LEGACY = """
[source.star.entity.appointment.map]
starts_at = "appointmentDateTime"
customer_key = "customer.identifier.value"
contact_phone = "customer.contactMethod[type=phone].value"
vin = "vehicle.vin"
services = ["serviceOperations.0.description", "serviceOperations.1.description"]
"""
BODS = """
key = ["DocumentIdentificationGroup.DocumentIdentification.DocumentID"]
[source.star.entity.appointment.map]
starts_at = "AppointmentDateTime"
vin = "Vehicle.VehicleID"
notes = "AppointmentNotes"
"""


def source(folder: Path, mapping: str, where: str = 'path = "in"', entity: str = "appointment") -> SourceSpec:
    (folder / "in").mkdir(exist_ok=True)
    resource = {"appointment": "service_appointment", "repair_order_line": "repair_order.labor_operations"}[entity]
    toml = folder / "star.toml"
    toml.write_text(
        f'[source.star]\nkind = "star"\n{where}\ntimezone = "America/Argentina/Buenos_Aires"\n'
        f'[source.star.entity.{entity}]\nresource = "{resource}"\nmode = "snapshot"\n{mapping}',
        encoding="utf-8",
    )
    return load_sources(toml)["star"]


def fetched(star: SourceSpec) -> FileRead:
    return StarHttp(star).read(next(iter(star.entities.values())), date(2026, 11, 24))


def opened(star: SourceSpec, path: Path) -> tuple[FileRead, list[Any]]:
    read = open_star(star, next(iter(star.entities.values())), path)
    return read, list(read.rows)


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / "in" / name
    path.write_text(text, encoding="utf-8")
    path.with_name(path.name + ".ok").touch()
    return path


def value(read: FileRead, record: Record, field: str) -> Any:
    return record.values[read.layout.fields.index(field)]


def bod(bod_id: str, *appointments: str) -> str:
    return (
        '<?xml version="1.0"?><s:ProcessServiceAppointment xmlns:s="http://www.starstandard.org/STAR/5" '
        'xmlns:o="http://www.openapplications.org/oagis/9">'
        f"<s:ApplicationArea><o:BODID>{bod_id}</o:BODID></s:ApplicationArea><s:ProcessServiceAppointmentDataArea>"
        f"<s:Process/>{''.join(appointments)}"
        "</s:ProcessServiceAppointmentDataArea></s:ProcessServiceAppointment>"
    )


def appointment(key: str, at: str = "2026-11-25T09:30:00-03:00") -> str:
    return (
        "<s:ServiceAppointment><o:DocumentIdentificationGroup><o:DocumentIdentification>"
        f'<o:DocumentID schemeName="x">{key}</o:DocumentID></o:DocumentIdentification></o:DocumentIdentificationGroup>'
        f"<s:AppointmentDateTime>{at}</s:AppointmentDateTime><s:Vehicle><s:VehicleID>8AJHA8CD1K2600001</s:VehicleID>"
        "</s:Vehicle><s:AppointmentNotes/></s:ServiceAppointment>"
    )


# -- files -------------------------------------------------------------------------------------------------------


def test_domain_json_gives_its_records_and_rejects_what_is_none(tmp_path: Path) -> None:
    star = source(tmp_path, DOMAIN)
    full = {
        "appointment_id": "APT-1", "appointment_status": "CONFIRMED", "scheduled_start": "2026-03-10T14:30:00Z",
        "customer": {"identifier": {"value": "CUST-7"}, "name": {"last_name": "Escobar"}},
        "vehicle": {"vin": "1HGCM82633A004352"},
    }  # fmt: skip
    path = put(tmp_path, "a.json", json.dumps({"data": [full, {"appointment_id": "APT-2"}, 7], "has_more": False}))
    read, items = opened(star, path)
    first, bare, odd = items
    assert isinstance(first, Record)
    assert (first.key, value(read, first, "status"), value(read, first, "customer_key")) == (
        "APT-1",
        "confirmed",
        "CUST-7",
    )
    assert value(read, first, "vin") == "1HGCM82633A004352"
    assert value(read, first, "starts_at") == 1773153000
    assert first.feeds[0].values == ("Escobar",)
    assert isinstance(bare, Reject) and (bare.code, bare.line, bare.key) == ("E-REQ", 2, "APT-2")
    assert json.loads(bare.raw) == {"appointment_id": "APT-2"}
    assert isinstance(odd, Reject) and odd.code == "E-JSON"
    assert read.counted["read"] == 3 and read.complete


def test_legacy_json_chooses_of_a_list_and_has_its_own_key(tmp_path: Path) -> None:
    star = source(tmp_path, LEGACY)
    record = {
        "requestId": "16a7d408", "appointmentDateTime": "2026-11-25T09:30:00-03:00", "vehicle": {"vin": None},
        "customer": {"identifier": [{"value": "77"}],
                     "contactMethod": [{"type": "email", "value": "a@b.ar"}, {"type": "phone", "value": "351 5551234"}]},
        "serviceOperations": [{"description": "Service 10.000"}, {"description": "Frenos"}],
    }  # fmt: skip
    read, [item] = opened(star, put(tmp_path, "b.json", json.dumps({"serviceAppointments": [record]})))
    assert isinstance(item, Record) and item.key == "16a7d408"
    assert value(read, item, "customer_key") == "77" and value(read, item, "vin") is None
    assert "5551234" in value(read, item, "contact_phone").replace(" ", "")
    assert [text for _code, text in value(read, item, "services")] == ["Service 10.000", "Frenos"]


def test_lines_lie_in_a_list_of_their_order(tmp_path: Path) -> None:
    mapping = '[source.star.entity.repair_order_line.map]\ndescription = "name"\namount = "amount.value"\n'
    star = source(tmp_path, mapping, entity="repair_order_line")
    order = {
        "repair_order_id": "RO-1",
        "labor_operations": [
            {"labor_operation_id": "OP-1", "name": "Filtro", "amount": {"value": "45.00"}},
            {"labor_operation_id": "OP-2", "name": "Escobillas"},
        ],
    }
    read, items = opened(star, put(tmp_path, "o.json", json.dumps(order)))
    assert [i.key for i in items] == ["RO-1/OP-1", "RO-1/OP-2"]
    assert value(read, items[0], "amount") == 4500 and value(read, items[0], "repair_order_key") == "RO-1"


def test_a_bod_in_xml_and_the_same_bodid_again(tmp_path: Path) -> None:
    star = source(tmp_path, BODS)
    first = put(tmp_path, "1.xml", bod("B-1", appointment("T1"), appointment("T2")))
    again = put(tmp_path, "2.xml", bod("B-1", appointment("T1", "2026-11-26T09:30:00-03:00")))
    other = put(tmp_path, "3.xml", bod("B-2", appointment("T3")))
    entity, found = star.entities["appointment"], []
    known: dict[str, str] = {}
    for path in (first, again, other):
        read = open_star(star, entity, path, path.name, known)
        found.append((read, list(read.rows)))
        known |= dict.fromkeys(read.bods, path.name)
    assert [[i.key for i in items] for _read, items in found] == [["T1", "T2"], [], ["T3"]]
    assert [read.complete for read, _items in found] == [True, False, True]
    read, items = found[0]
    assert value(read, items[0], "notes") is None and value(read, items[0], "vin") == "8AJHA8CD1K2600001"
    assert value(read, items[0], "starts_at") == 1795609800
    assert len(list(open_star(star, entity, first, first.name, known).rows)) == 2  # the file that brought it, once more
    assert "T2" in raw_of_star(star.entities["appointment"], first, [2])[2]


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_document_types_and_entities_are_refused(tmp_path: Path, head: str) -> None:
    star = source(tmp_path, BODS)
    with pytest.raises(FileRefused) as refused:
        opened(star, put(tmp_path, "x.xml", f"{head}<a>&b;</a>"))
    assert refused.value.code == "E-XML" and "DTD o entidades" in refused.value.reason


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<a><b></a>", "E-XML"),
        ("<a>" * 300 + "</a>" * 300, "E-XML"),
        ('{"data": [', "E-JSON"),
        ("[" * 200_000, "E-JSON"),
        ('{"a": NaN}', "E-JSON"),
    ],
)
def test_broken_documents_are_refused(tmp_path: Path, text: str, code: str) -> None:
    star = source(tmp_path, DOMAIN)
    with pytest.raises(FileRefused) as refused:
        opened(star, put(tmp_path, "x.json", text))
    assert refused.value.code == code


# -- HTTP --------------------------------------------------------------------------------------------------------


class _Handler(BaseHTTPRequestHandler):
    answers: ClassVar[list[tuple[int, dict[str, str], Any]]] = []
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization")))
        status, headers, body = self.answers.pop(0)
        self.send_response(status)
        for name, said in headers.items():
            self.send_header(name, said)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    _Handler.answers, _Handler.asked = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def over(tmp_path: Path, base: str) -> SourceSpec:
    return source(tmp_path, DOMAIN, f'base_url = "{base}"\nheaders = {{ Authorization = "Bearer t" }}')


def row(key: str) -> dict[str, Any]:
    return {"appointment_id": key, "scheduled_start": "2026-03-10T14:30:00Z", "vin": "1HGCM82633A004352"}


def test_two_pages_with_a_busy_server_between_them(tmp_path: Path, base: str) -> None:
    _Handler.answers += [
        (200, {}, {"data": [row("A")], "next_cursor": "p 2", "has_more": True, "total_count": 2}),
        (429, {"Retry-After": "0"}, {}),
        (200, {}, {"data": [row("B")], "has_more": False, "total_count": 2}),
    ]
    read = fetched(over(tmp_path, base))
    assert [item.key for item in read.rows] == ["A", "B"] and read.complete
    path = "/v1/service_appointment"
    assert [asked for asked, _token in _Handler.asked] == [path, f"{path}?cursor=p+2", f"{path}?cursor=p+2"]
    assert {token for _asked, token in _Handler.asked} == {"Bearer t"}


def test_fewer_than_announced_is_no_complete_read(tmp_path: Path, base: str) -> None:
    _Handler.answers.append((200, {}, {"data": [row("A")], "total_count": 2}))
    read = fetched(over(tmp_path, base))
    assert len(list(read.rows)) == 1 and not read.complete


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (401, {}, {}, "401: revisar la clave"),
        (302, {"Location": "http://localhost:1/"}, {}, "302"),
        (429, {"Retry-After": "9999"}, {}, "429"),
        (200, {}, {"data": [], "next": "http://localhost:1/v1/x"}, "otro servidor"),
        (200, {}, {"data": [], "next": "?"}, "repite la página"),
        (200, {}, {"data": [], "has_more": True}, "no da la siguiente"),
    ],
)
def test_a_chain_that_breaks_refuses_the_read(
    tmp_path: Path, base: str, status: int, headers: dict[str, str], body: Any, said: str
) -> None:
    _Handler.answers += [(status, headers, body)] * 2
    read = fetched(over(tmp_path, base))
    with pytest.raises(FileRefused, match=said):
        list(read.rows)


def test_tries_end_and_wait_longer_each_time(tmp_path: Path, base: str) -> None:
    _Handler.answers += [(503, {}, {})] * 5
    waits: list[float] = []
    with pytest.raises(FileRefused, match="503"):
        list(Pages(over(tmp_path, base), "x", waits.append).read(json.loads))
    assert len(waits) == 4 and all(2**n / 2 <= w <= 2**n for n, w in enumerate(waits))


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retry_after("3") == 3.0
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after("pronto") is None and retry_after(None) is None
