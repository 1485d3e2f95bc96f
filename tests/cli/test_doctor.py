"""``boxes doctor`` around the database: copies and the door of SSH."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from boxes_tui.desk.doctor_machine import copies, sshd
from boxes_tui.guard.door import sshd_config


def test_copies_grow_old(tmp_path: Path) -> None:
    listed, copy = tmp_path / "backups.list", tmp_path / "a.copy"
    assert copies(listed)[0], "a new installation"
    listed.write_text(f"{copy}\n")
    assert not copies(listed)[0], "the copy is gone"
    copy.touch()
    assert copies(listed) == (True, "la última hace 0 h, verificada al hacerla")
    os.utime(copy, (time.time() - 3 * 86400,) * 2)
    assert copies(listed)[0] is False


@pytest.mark.parametrize(
    ("change", "well"),
    [
        (("", ""), True), (("DisableForwarding yes", "DisableForwarding no"), False), (("AuthorizedKeysFile none", ""), False),
        (("PermitUserRC no", ""), False), (("MaxSessions 2", "ForceCommand /bin/boxes"), False),
        (("Match all", "PermitUserEnvironment yes\nMatch all"), False), (("AuthenticationMethods publickey", ""), False),
    ],
)  # fmt: skip
def test_the_door_of_ssh(tmp_path: Path, change: tuple[str, str], well: bool) -> None:
    (tmp_path / "sshd_config.d").mkdir()
    assert sshd(tmp_path)[0], "no sshd here"
    (tmp_path / "sshd_config").write_text("Port 22\nX11Forwarding yes\n")
    assert sshd(tmp_path)[0], "keys of ours are served elsewhere"
    (tmp_path / "sshd_config.d" / "boxes.conf").write_text(sshd_config("boxes", {}).replace(*change))
    assert sshd(tmp_path)[0] is well
