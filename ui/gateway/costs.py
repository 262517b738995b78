"""What was spent at the AI gateway: by the provider's model since the beginning, and by user today.

Left out: the sums, which are `engine.gateway.spending`.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from contract.gateway import Spending
from engine.gateway.spending import dollars, gateway_spending
from ui.shell import cached
from ui.shell.session import current_actor

COST_HELP = "In US dollars, as the gateway reports it"


def show_costs() -> None:
    """Show the sums; nothing where the gateway was never asked."""
    found = gateway_spending(cached.context(), actor=current_actor())
    if not found.by_model:
        return
    st.subheader("AI gateway", anchor=False)
    total, unknown = sum(s.cost for s in found.by_model), sum(s.unknown for s in found.by_model)
    cap = f" One user may spend {dollars(found.cap)} in a day." if found.cap else ""
    missing = f" The cost of {unknown:,} of the calls was not reported." if unknown else ""
    st.caption(f"{sum(s.calls for s in found.by_model):,} calls, {dollars(total)}.{missing}{cap}".replace("$", "\\$"))
    left, right = st.columns(2)
    with left:
        _show_sums("Model of the provider", found.by_model)
    with right:
        _show_sums("User, today", found.by_user_today)


def _show_sums(head: str, sums: Sequence[Spending]) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                head: [s.name for s in sums],
                "Calls": [s.calls for s in sums],
                "Input tokens": [s.input_tokens for s in sums],
                "Output tokens": [s.output_tokens for s in sums],
                "Cost": [s.cost for s in sums],
                "Not reported": [s.unknown for s in sums],
            }
        ),
        hide_index=True,
        column_config={"Cost": st.column_config.NumberColumn(format="$ %.4f", help=COST_HELP)},
    )
