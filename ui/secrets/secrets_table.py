"""Secrets as a table: which have a stored value, since when and by whom, and which models get or ask for them.

Left out: values, which nobody is shown.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from contract.secret import SecretStatus
from ui.shell.formatting import timestamp


def show_secrets(found: Sequence[SecretStatus]) -> None:
    """Draw the table."""
    if not found:
        st.caption("No secret has a stored value, and no model asks for one.")
        return
    st.dataframe(
        pd.DataFrame(
            {
                "Secret": [s.name for s in found],
                "Value": ["stored" if s.stored else "not stored" for s in found],
                "Set by": [s.stored.set_by if s.stored else "" for s in found],
                "Set": [timestamp(s.stored.set_at) if s.stored else "" for s in found],
                "Granted to": [", ".join(s.granted_to) for s in found],
                "Asked for by, not granted": [", ".join(s.asked_by) for s in found],
            }
        ),
        hide_index=True,
    )
