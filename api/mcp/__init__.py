"""The models as tools of an MCP server (Model Context Protocol), over the verbs that pages and API call."""
