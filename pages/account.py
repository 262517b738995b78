"""Who one is here, and one's API tokens."""

import streamlit as st

from ui.people import tokens
from ui.shell.markup import escape
from ui.shell.session import current_actor

actor = current_actor()
st.title("Account", anchor=False)
teams = f" · Teams: {escape(', '.join(actor.teams))}" if actor.teams else ""
st.markdown(f"**{escape(actor.name)}** · {str(actor.role).capitalize()}{teams}")
st.subheader("API tokens", anchor=False)
st.caption("For programs that use the API in your name. A token may never do more than you, and ends by itself.")
tokens.show_new_token()
tokens.show_tokens()
