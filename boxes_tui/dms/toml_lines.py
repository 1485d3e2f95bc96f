"""A TOML file that can say on which line a key stands: ``tomllib`` keeps no places, so the text is walked once more."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from pathlib import Path
from typing import Any, Final

from boxes_tui.errors import ConfigError, why
from boxes_tui.i18n import _

Keys = tuple[str, ...]
_BARE: Final = re.compile(r"[A-Za-z0-9_\-]+")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_PLAIN: Final = re.compile(r"[^,\]}\n#]*")
_TEXT: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'", re.DOTALL
)


class TomlFile:
    """The values of a TOML file, and errors that name its file and line. Raises :class:`ConfigError` when it cannot be
    read as UTF-8 TOML."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise ConfigError(_("{path}: no se puede leer ({why})").format(path=path, why=why(error))) from None
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ConfigError(
                _("{path}:{line}: no es UTF-8 (byte {start})").format(path=path, line=line, start=error.start)
            ) from None
        try:
            self.values: dict[str, Any] = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line (\d+)", str(error))
            line = int(found[1]) if found else self.text.count("\n") + 1
            raise ConfigError(
                _("{path}:{line}: TOML inválido: {error}").format(path=path, line=line, error=error)
            ) from None
        self._lines: dict[Keys, int] | None = None

    def error(self, keys: Keys, text: str) -> ConfigError:
        """An error at the line of a key."""
        return ConfigError(f"{self.path}:{self.line(keys)}: {text}")

    def line(self, keys: Keys) -> int:
        """The line where a key stands, or the nearest table around it."""
        if self._lines is None:
            self._lines = key_lines(self.text)
        for n in range(len(keys), 0, -1):
            if keys[:n] in self._lines:
                return self._lines[keys[:n]]
        return 1


def key_lines(text: str) -> dict[Keys, int]:
    """The line (from 1) of every key and table of valid TOML, dotted keys and inline tables included."""
    return _Walk(text).document()


class _Walk:
    """Walks text that ``tomllib`` has already accepted."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.ends = [m.start() for m in re.finditer("\n", text)]
        self.lines: dict[Keys, int] = {}

    def document(self) -> dict[Keys, int]:
        table: Keys = ()
        while self.blank() < len(self.text):
            brackets = 2 if self.text.startswith("[[", self.at) else self.text.startswith("[", self.at)
            if brackets:
                line = self.place()
                self.at += brackets
                table = self.key()
                self.at += brackets
                self.mark(table, line)
            else:
                self.pair(table)
        return self.lines

    def pair(self, table: Keys) -> None:
        """``key = value``."""
        line = self.place()
        keys = (*table, *self.key())
        self.mark(keys, line)
        self.at += 1
        self.value(keys)

    def key(self) -> Keys:
        """A dotted key; ends after the blanks behind it."""
        parts: list[str] = []
        while True:
            self.blank()
            found = _TEXT.match(self.text, self.at) or _BARE.match(self.text, self.at)
            if found is None:
                return tuple(parts)
            parts.append(found[0].strip("\"'"))
            self.at = found.end()
            self.blank()
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def value(self, keys: Keys) -> None:
        self.blank()
        start = self.text[self.at : self.at + 1]
        if found := _TEXT.match(self.text, self.at):
            self.at = found.end()
        elif start == "[":
            self.items("]", lambda: self.value(keys))
        elif start == "{":
            self.items("}", lambda: self.pair(keys))
        elif found := _PLAIN.match(self.text, self.at):
            self.at = found.end()

    def items(self, end: str, item: Any) -> None:
        """What stands between brackets, separated by commas."""
        self.at += 1
        while self.blank() < len(self.text):
            if self.text[self.at] == end:
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
            else:
                item()

    def blank(self) -> int:
        """Pass over blanks, line ends and comments; returns the place."""
        if found := _BLANK.match(self.text, self.at):
            self.at = found.end()
        return self.at

    def place(self) -> int:
        return bisect_right(self.ends, self.at - 1) + 1

    def mark(self, keys: Keys, line: int) -> None:
        for n in range(1, len(keys) + 1):
            self.lines.setdefault(keys[:n], line)
