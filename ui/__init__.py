"""All shared Streamlit: what pages show, and nothing that decides."""
