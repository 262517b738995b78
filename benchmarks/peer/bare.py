"""A Streamlit page with one button, for the time that any Streamlit page takes to open."""

import streamlit as st

st.button("Run", key="run")
