"""Who may do what (PRODUCT §12): one table, asked by every command and every keys line."""

from __future__ import annotations

from typing import Final

ROLES: Final = ("viewer", "agent", "supervisor", "admin")

_RANK: Final = {role: n for n, role in enumerate(ROLES)}

LEAST: Final[dict[str, str]] = {
    "call": "agent", "opportunity": "agent", "discard": "agent", "reschedule": "agent", "sell": "agent",
    "confirm": "agent", "deliver": "agent", "note": "agent", "rebook": "agent", "undo": "agent",
    "claim": "agent", "release": "agent", "next": "agent", "reminder": "agent", "whatsapp": "agent", "dial": "agent",
    "shift": "agent", "phone": "agent", "block": "agent", "import_reply": "agent", "reply": "agent", "opt_in": "agent", "draft": "agent",
    "steal": "supervisor", "assign": "supervisor", "override": "supervisor", "unblock": "supervisor",
    "campaign": "supervisor", "campaign_undo": "supervisor", "segment_save": "supervisor", "segment_drop": "supervisor", "credit": "supervisor", "correct": "supervisor",
    "complaint_close": "agent", "export": "agent", "card_export": "agent", "outbox_retry": "supervisor", "outbox_send": "admin",
    "rights_request": "admin",
    "set_go_live": "admin", "name_branch": "admin", "branch": "admin", "user": "admin", "ssh_key": "admin",
    "dnc_import": "admin", "import": "admin", "seed": "admin", "rights_export": "admin", "rights_rectify": "admin",
    "rights_erase": "admin", "retention": "admin", "holiday": "admin", "disposition": "admin", "settings": "admin",
}  # fmt: skip
"""The least role of every verb. A verb that is not here is nobody's: a command without a policy cannot run."""


def may(role: str, verb: str) -> bool:
    """Whether ``role`` may do ``verb``; false for anything unknown."""
    least = LEAST.get(verb)
    return least is not None and role in _RANK and _RANK[role] >= _RANK[least]


def at_least(role: str, least: str) -> bool:
    """Whether ``role`` is ``least`` or above."""
    return _RANK.get(role, -1) >= _RANK[least]
