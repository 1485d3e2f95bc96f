"""``boxes report``: the JSON of PRODUCT §10, the same rows in every format, and how it refuses."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from boxes_tui.cli.main import app
from boxes_tui.reports.population import REPORTS
from tests.reports.conftest import Made
from tests.reports.dealership import NOW

Run = Callable[..., Result]
YEAR = ("--from", "2026-01-01", "--to", "2026-11-24")


@pytest.fixture
def run(make_house: Made, migrated_db_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line over a random dealership."""
    make_house(21, 12)
    monkeypatch.setenv("BOXES_DATABASE_URL", migrated_db_url)
    monkeypatch.setenv("BOXES_NOW", NOW.isoformat())
    monkeypatch.setenv("BOXES_USER", "boss")

    def call(*args: str) -> Result:
        return CliRunner().invoke(app, ["report", *args])

    return call


def test_every_report_prints_the_fixed_json(run: Run) -> None:
    for report in REPORTS:
        done = run(report, *YEAR, "--format", "json", "--rows")
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert [found[k] for k in ("report", "from", "to", "filters")] == [report, "2026-01-01", "2026-11-24", {}]
        assert found["total"] == len(found["rows"]) == sum(s["n"] for s in found["slices"])
        assert sum(p["n"] for p in found["series"]) == found["total"]
        assert abs(sum(round(s["pct"] * 10) for s in found["slices"]) - (1000 if found["total"] else 0)) == 0
        for kpi in found["kpis"]:
            assert {"code", "label", "num", "den", "value"} <= set(kpi)
            assert (kpi["value"] is None) == (kpi["den"] == 0) or kpi["kind"] in ("median", "hourly")


def test_csv_and_xlsx_hold_the_rows_of_the_grid_in_its_order(run: Run, tmp_path: Path) -> None:
    rows = json.loads(run("completed", *YEAR, "--json", "--rows").stdout)["rows"]
    lines = list(
        csv.reader(io.StringIO(run("completed", *YEAR, "--format", "csv").stdout.removeprefix("\ufeff")), delimiter=";")
    )
    target = tmp_path / "filas.xlsx"
    assert run("completed", *YEAR, "--format", "xlsx", "--output", str(target)).exit_code == 0
    page = load_workbook(target).worksheets[0]
    cells = list(page.iter_rows(values_only=True))
    place = lines[0].index("OR")
    assert (
        [r["order"] or "" for r in rows] == [line[place] for line in lines[1:]] == [c[place] or "" for c in cells[1:]]
    )
    assert list(cells[0]) == lines[0]


def test_html_stands_alone_and_escapes(run: Run) -> None:
    page = run("agents", *YEAR, "--format", "html", "--rows").stdout
    assert page.startswith("<!doctype html>") and "<svg" in page and page.count("<tr>") > 20
    assert "http" not in page.replace("http-equiv", "") and "<script" not in page


def test_the_terminal_shows_figures_bars_and_rows(run: Run) -> None:
    done = run("deliveries", "--preset", "año", "--rows")
    assert "Llamado de bienvenida a 30 días" in done.stdout and "█" in done.stdout and "Total:" in done.stdout
    assert "\x1b" not in done.stdout


def test_filters_narrow_the_rows_and_are_told(run: Run) -> None:
    whole = json.loads(run("agents", *YEAR, "--json", "--by", "agent").stdout)
    ana = next(s["n"] for s in whole["slices"] if s["value"] == "ana")
    mine = json.loads(run("agents", *YEAR, "--json", "--agent", "ana").stdout)
    assert mine["total"] == ana and mine["filters"] == {"agent": "ana"}
    model = next(
        s for s in json.loads(run("agents", *YEAR, "--json", "--by", "model").stdout)["slices"] if s["value"] == "SIENA"
    )
    assert json.loads(run("agents", *YEAR, "--json", "--model", "siena").stdout)["total"] == model["n"]


def test_the_command_line_opens_every_number_into_its_rows(run: Run) -> None:
    found = json.loads(run("deliveries", *YEAR, "--json", "--by", "model").stdout)
    for kpi in found["kpis"]:
        rows = json.loads(run("deliveries", *YEAR, "--json", "--kpi", kpi["code"]).stdout)["rows"]
        assert len(rows) == kpi["num"]
    for part in found["slices"]:
        done = run("deliveries", *YEAR, "--json", "--by", "model", "--value", part["value"] or "")
        assert json.loads(done.stdout)["selected"] == part["n"]
    years = json.loads(run("deliveries", *YEAR, "--json", "--by", "model_year").stdout)["slices"]
    year = next(s for s in years if s["value"] is not None)
    done = run("deliveries", *YEAR, "--json", "--by", "model_year", "--value", str(year["value"]))
    assert json.loads(done.stdout)["selected"] == year["n"]
    month = found["series"][-1]
    lines = run("deliveries", *YEAR, "--format", "csv", "--period", month["period"]).stdout.splitlines()
    assert len(lines) == month["n"] + 1


def test_months_and_branches_add_up_to_the_total(run: Run) -> None:
    found = json.loads(run("in_process", *YEAR, "--monthly", "--json").stdout)
    whole = json.loads(run("in_process", *YEAR, "--json", "--by", "branch").stdout)
    assert found["total"] == whole["total"] == sum(m["n"] for m in found["months"])
    for part in whole["slices"]:
        assert sum(m["n"] for m in found["months"] if m["branch"] == part["value"]) == part["n"]
    assert run("in_process", *YEAR, "--monthly").stdout.startswith("mes")


WRONG = (
    (("deliverys",), "deliveries"),
    ((), "retention"),
    (("leaks", "--from", "2026-02-02", "--to", "2026-02-01"), "desde"),
    (("leaks", "--by", "customer"), "stage"),
    (("leaks", "--by", "nada", "--format", "csv"), "stage"),
    (("leaks", "--from", "ayerrr"), "ayerrr"),
    (("leaks", "--format", "pdf"), "xlsx"),
    (("leaks", "--preset", "siglo"), "semana"),
    (("leaks", "--preset", "mes", "--from", "hoy"), "preset"),
    (("leaks", "--branch", "NADA"), "AKL"),
    (("leaks", "--agent", "nadie"), "ana"),
    (("leaks", "--kpi", "nps"), "complaints"),
    (("leaks", "--kpi", "total", "--side", "x"), "waiting"),
    (("leaks", "--value", "x"), "--by"),
    (("leaks", "--monthly"), "in_process"),
    (("agents", "--monthly", "--agent", "ana"), "--monthly"),
    (("leaks", "--period", "2026-13"), "2026-13"),
)


def test_what_is_wrong_is_exit_2_with_the_right_ones(run: Run) -> None:
    for args, word in WRONG:
        done = run(*args)
        assert done.exit_code == 2 and word in done.stderr and not done.stdout, args
