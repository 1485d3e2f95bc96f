"""What every KPI counts, as flags of its population (KPIS.md). A name stands for a fact that holds, ``!name`` for one
that does not; all of a tuple must hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """``num`` and ``den`` select rows (``num`` within ``den``); ``den`` None = a count. ``measure`` is summed (mean,
    amount) or spread (median, max) over ``num``, in units of ``divide``. ``waiting`` selects the items *en curso*;
    ``parts`` names the column whose values break the rows of ``num`` down; ``minus`` the detractors of a score."""

    num: Names = ()
    den: Names | None = None
    waiting: Names | None = None
    measure: str = ""
    parts: str = ""
    minus: Names = ()
    divide: int = 1


RULES: Final[dict[str, dict[str, Rule]]] = {
    "deliveries": {
        "total": Rule(),
        "welcome_call_rate_30d": Rule(("contact30",), ("matured",), ("waiting",)),
        "welcome_attempt_rate": Rule(("attempt30",), ("matured",), ("waiting",)),
        "days_to_welcome": Rule(("matured", "contacted"), None, ("waiting",), "days_to"),
        "welcome_seed_rate": Rule(("seeded",), ("matured", "contact30"), ("waiting",)),
        "welcome_leaks": Rule(("!contacted",), ("matured",), ("waiting",)),
    },
    "opportunities": {
        "total": Rule(),
        "appointment_set_rate": Rule(("sold",), ("contacted",)),
        "opportunity_conversion_rate": Rule(("sold",), ("matured",), ("waiting",)),
        "opportunity_to_show_rate": Rule(("shown",), ("matured",), ("waiting",)),
        "discard_rate": Rule(("discarded",), ("closed",)),
        "discard_by_reason": Rule(("discarded",), parts="reason"),
        "replan_mean": Rule((), (), measure="moves"),
        "replan_many": Rule(("many",)),
        "overdue_open": Rule(("overdue",)),
        "overdue_age": Rule(("overdue",), parts="age"),
        "response_rate_90d": Rule(("channel",), ()),
        "response_channel_90d": Rule(("channel",), parts="channel"),
    },
    "appointments": {
        "total": Rule(),
        "confirmation_rate": Rule(("confirmed", "in_time"), ("eligible",), ("not_yet",)),
        "show_rate": Rule(("came",), ("past",), ("ahead",)),
        "no_show_rate": Rule(("missed",), ("past",), ("ahead",)),
        "show_rate_confirmed": Rule(("came",), ("past", "confirmed"), ("ahead", "confirmed")),
        "show_rate_unconfirmed": Rule(("came",), ("past", "!confirmed"), ("ahead", "!confirmed")),
        "no_show_recovery_rate": Rule(("rebooked",), ("lost",), ("losing",)),
        "no_show_recovered_arrived": Rule(("came_back",), ("lost", "rebooked"), ("losing",)),
        "lead_time_days": Rule(("lead?",), measure="lead"),
    },
    "in_process": {
        "total": Rule(),
        "ro_cycle_time": Rule(("delivered",), measure="cycle", divide=3600),
        "ro_cycle_time_dms": Rule(("delivered", "!by_hand"), measure="cycle", divide=3600),
        "ro_cycle_time_manual": Rule(("delivered", "by_hand"), measure="cycle", divide=3600),
        "open_ro": Rule(("open",)),
        "open_ro_aging": Rule(("open",), parts="age"),
        "open_ro_gt3_rate": Rule(("long",), ("open",)),
        "promise_kept_rate": Rule(("kept",), ("delivered", "promised")),
        "past_due_rate": Rule(("promised", "late"), ("open",)),
        "next_opportunity_coverage": Rule(("agreed",), ("once",)),
    },
    "completed": {
        "total": Rule(),
        "courtesy_call_rate_15d": Rule(("contact15",), ("matured",), ("waiting",)),
        "csi_top_box": Rule(("top",), ("surveyed",)),
        "nps": Rule(("top",), ("surveyed",), minus=("unhappy",)),
        "survey_response_rate": Rule(("surveyed",), ("contacted",)),
        "detractor_followup_24h": Rule(("answered",), ("detractor",), ("complaining",)),
        "comeback_rate": Rule(("came_back",), ("back_due",), ("back_waiting",)),
        "next_opportunity_coverage": Rule(("agreed",), ("once",)),
    },
    "campaigns": {
        "total": Rule(),
        "campaign_units": Rule(("assigned",)),
        "campaign_reach": Rule(("contacted",), ("callable",)),
        "campaign_conversion": Rule(("came",), ("assigned",)),
        "campaign_set_rate": Rule(("set",), ("assigned", "contacted")),
        "campaign_show_rate": Rule(("shown",), ("assigned", "set")),
        "campaign_completion": Rule(("done",), ("assigned",)),
        "recall_completion_rate": Rule(("done",), ("assigned", "recall")),
        "campaign_blocked": Rule(("blocked",)),
        "campaign_unreachable": Rule(("unreachable",)),
        "dnc_blocked": Rule((), parts="purpose"),
        "dnc_list_age_days": Rule((), measure="age"),
        "data_quality_phone": Rule(("phoned",), ()),
        "data_quality_email": Rule(("mailed",), ()),
        "data_quality_duplicates": Rule(("twin",), ()),
    },
    "agents": {
        "total": Rule(),
        "connect_rate": Rule(("contact",), ()),
        "contact_rate": Rule(("contact",), ("record",)),
        "attempts_to_contact": Rule(("reached",), ("reached",), measure="tries"),
        "callback_on_time_rate": Rule(("kept",), ("promised",), ("promising",)),
        "customers": Rule(("person",)),
        "productive_rate": Rule(("productive",), ("person",)),
        "per_hour": Rule(),
        "contacts_per_hour": Rule(("contact",)),
        "appointments_per_hour": Rule(("sold",)),
        "handle_time": Rule(("handle?",), measure="handle", divide=60),
        "talk": Rule(("talk",), measure="minutes"),
        "wait": Rule(("wait",), measure="minutes"),
        "pause": Rule(("pause",), measure="minutes"),
        "wrap": Rule(("wrap",), measure="minutes"),
        "undisposed": Rule(("undisposed",)),
        "outside_rules": Rule(("outside",)),
    },
    "leaks": {
        "total": Rule(),
        **{code: Rule((code,)) for code in ("deliveries", "opportunities", "no_shows", "completed", "complaints")},
    },
    "reconciliation": {
        "total": Rule(),
        "reconciled_rate": Rule(("found",), ()),
        "verified": Rule(("verified",)),
        "credited": Rule(("credited",)),
        "moved": Rule(("moved",)),
        "waiting": Rule(("unread",)),
        "missing": Rule(("missing",)),
    },
    "retention": {
        "total": Rule(),
        "first_service_retention": Rule(("first_came",), ("first_due",), ("first_waiting",)),
        **{
            f"retention_year_{k}": Rule((f"year{k}_came",), (f"year{k}_due",), (f"year{k}_waiting",))
            for k in range(1, 6)
        },
        "service_customer_retention": Rule(("loyal",), ()),
        "lifecycle": Rule((), parts="lifecycle"),
    },
}
"""By report and KPI code. ``name?`` asks that a measure or a column is known; a column name that is no fact, the same."""
