"""A model's call in Excel: a cell with WEBSERVICE, and a query of Power Query.

Chosen: a cell asks for one figure by GET, which is all that WEBSERVICE can send; it can give no token and no address
beyond 2,048 characters, and a constant of a formula has at most 255. The query sends the whole request and has the
whole summary. NUMBERVALUE is told the decimal point, so that the figure is a number in every language of Excel.
"""

from urllib.parse import quote, urlencode

from ui.code.model_call import REQUEST_FILE, TOKEN, WAIT, ModelCall

LONGEST_ADDRESS = 2_000  # characters; WEBSERVICE takes 2,048
LONGEST_CONSTANT = 250  # characters; a formula takes 255


def cell_address(call: ModelCall, figure: str | None) -> str:
    """Return the address that answers one figure as text; the headline figure where none is named."""
    query = {**({"figure": figure} if figure else {}), **call.query, "errors": "text"}
    if call.version:
        query["version"] = call.version
    return f"{call.server}/api/apps/{quote(call.slug, safe='')}/value?{urlencode(query)}"


def cell_refusal(call: ModelCall, figure: str | None) -> str | None:
    """Return why no cell can call the model with these inputs, or None where one can."""
    if not call.deterministic:
        return "The model gives another result at each run, which a cell would show at each calculation."
    if call.sign_in:
        return "WEBSERVICE can give no token, and this server asks who calls."
    if len(cell_address(call, figure)) > LONGEST_ADDRESS:
        return f"The inputs are too long for an address in a cell ({LONGEST_ADDRESS:,} characters)."
    return None


def cell_formula(call: ModelCall, figure: str | None) -> str:
    """Return a formula whose cell shows one figure, or what is wrong."""
    address = cell_address(call, figure)
    pieces = [address[i : i + LONGEST_CONSTANT] for i in range(0, len(address), LONGEST_CONSTANT)]
    joined = "&".join(f'"{piece}"' for piece in pieces)  # an encoded address holds no quotes
    return f'=LET(answer,WEBSERVICE({joined}),IFERROR(NUMBERVALUE(answer,"."),answer))'


def power_query(call: ModelCall) -> str:
    """Return a query of Power Query (M) whose rows are the summary's figures."""
    if call.needs_file:
        content = f'File.Contents("C:\\path\\to\\{REQUEST_FILE}")'
    else:
        content = f"Text.ToBinary({string(call.body)})"
    headers = ['#"Content-Type" = "application/json"']
    headers += [f'Authorization = "Bearer " & {TOKEN}'] if call.sign_in else []
    return f"""let
    Answer = Json.Document(Web.Contents({string(call.run_url)}, [
        Query = [wait = "{WAIT}"],
        Headers = [{", ".join(headers)}],
        Content = {content},
        Timeout = #duration(0, 0, 5, 30),
        ManualStatusHandling = {{401, 403, 404, 422, 429, 503}}
    ])),
    Problems = Text.Combine(
        List.Transform(
            Record.FieldOrDefault(Answer, "problems", {{}}),
            each [where] & ": " & [found] & ". " & [remedy]
        ),
        "#(lf)"
    ),
    Reason = Record.FieldOrDefault(Answer, "error", Record.FieldOrDefault(Answer, "reason", null)),
    Summary = if Record.FieldOrDefault(Answer, "status", null) = "SUCCESS" then
        Table.TransformColumns(
            Record.ToTable(Record.FieldOrDefault(Answer[result], "summary", [])),
            {{"Value", each if _ is record then [value] else _}}
        )
    else
        error (if Problems <> "" then Problems else if Reason <> null then Reason else "The run has not ended yet.")
in
    Summary
"""


def string(text: str) -> str:
    """Return a text as a text literal of M: quotes doubled, and its escapes taken as they are."""
    return '"' + text.replace("#(", "#(#)(").replace('"', '""') + '"'
