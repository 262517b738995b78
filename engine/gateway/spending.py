"""What is spent at the AI gateway: the cap on one user's day, and the sums that the monitor shows.

Chosen: the cap is looked at when a run is submitted and once more when it begins, because many may be submitted before
the first one's cost is known; runs that are under way already may go beyond it by what they cost.
Left out: what a call will cost, which nobody knows before it is made.
"""

from dataclasses import dataclass
from typing import Any

from contract.actor import Actor, Role
from contract.errors import SpendingCapError
from contract.gateway import Spending
from contract.problems import Problem
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.processes.limits import InstallationLimits
from storage import gateway_calls


@dataclass(frozen=True, slots=True)
class GatewaySpending:
    """Sums by the provider's model since the beginning, and by user today; `cap` is by user and day, 0 for none."""

    by_model: list[Spending]
    by_user_today: list[Spending]
    cap: float


def require_below_cap(conn: Any, user: str, limits: InstallationLimits) -> None:
    """Refuse where a user has spent what one user may spend in a day.

    Raises:
        SpendingCapError: with what was spent and what the cap is.
    """
    cap = limits.gateway_daily_cap
    if not cap:
        return
    spent = gateway_calls.spent_today(conn, user)
    if spent >= cap:
        found = (
            f"{user} has spent {dollars(spent)} at the AI gateway today, and {dollars(cap)} is what one may in a day"
        )
        hint = "Come again tomorrow (the day ends at midnight UTC), or ask an administrator to raise the cap."
        raise SpendingCapError([Problem("gateway", found, hint)])


def gateway_spending(context: AppContext, *, actor: Actor) -> GatewaySpending:
    """Return what was spent: an administrator sees everybody's, others their own."""
    require(actor, Action.READ_STATUS)
    everybody = actor.is_system or actor.role is Role.ADMINISTRATOR
    user_id = None if everybody else context.user_id(actor)
    with context.database.read() as conn:
        return GatewaySpending(
            gateway_calls.sum_by_model(conn, user_id),
            gateway_calls.sum_by_user_today(conn, user_id),
            context.limits.gateway_daily_cap,
        )


def dollars(amount: float) -> str:
    """Return an amount as `$1.25`, small ones with as many digits as they need."""
    return f"${amount:,.2f}" if amount >= 0.1 or amount == 0 else f"${amount:.2g}"
