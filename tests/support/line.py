"""The command line run in this process, the way a script sees it: exit status, stdout, stderr."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from typing import Any

import pytest
import typer

from boxes_tui.cli.main import app
from boxes_tui.i18n import set_language


@cache
def tree(language: str) -> Any:
    """The commands, made once per language: making them is most of what a run in this process costs."""
    return typer.main.get_command(app)


class Line:
    """Runs ``boxes …`` with an environment of its own; ``env`` is that of every run."""

    def __init__(self, **env: str) -> None:
        self.env = env

    def run(self, *words: str, **more: str) -> tuple[int, str, str]:
        """(exit status, stdout, stderr); ``more`` are variables of this run."""
        env: Mapping[str, str] = {**self.env, **more}
        raw = io.BytesIO(), io.BytesIO()
        out, err = (io.TextIOWrapper(stream, "utf-8", write_through=True) for stream in raw)
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in env.items():
                patch.setenv(name, value)
            try:
                tree(env.get("BOXES_LANG", "es")).main([str(w) for w in words], "boxes")
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
            finally:
                set_language("es")
        return code, raw[0].getvalue().decode("utf-8"), raw[1].getvalue().decode("utf-8")

    def json(self, *words: str, **more: str) -> Any:
        """The JSON of a command that succeeds."""
        code, out, err = self.run(*words, "--json", **more)
        assert code == 0, (words, err)
        return json.loads(out)

    def refuse(self, *words: str, code: int = 1, **more: str) -> str:
        """The sentence of a command that fails with ``code`` and prints nothing."""
        got, out, err = self.run(*words, **more)
        assert (got, out) == (code, ""), (words, got, out, err)
        return err
