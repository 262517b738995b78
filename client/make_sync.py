"""Make the blocking client of the one for asyncio: `python client/make_sync.py`.

Chosen: words replaced one by one, as httpcore does it; a test fails where the blocking client was not made again.
Left out: the layout, which `ruff format` gives it.
"""

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "tontine"
HEAD = '''"""The blocking client: models, runs, their events and results.

Made of `async_client.py` by `python client/make_sync.py`: change that file, not this one.
"""'''
WORDS = {
    r"for body in page:\n\s+yield body": "yield from page",
    r"await asyncio\.to_thread\(([\w.]+)\)": r"\1()",
    r"asyncio\.sleep": "time.sleep",
    r"import asyncio": "import time",
    r"\(await (self\.info\(\))\)": r"\1",
    r"\bawait ": "",
    r"\basync (def|with|for) ": r"\1 ",
    r"\bAsync(Tontine|Model|Run|Group|Scenario|Client|Generator|Iterator)\b": r"\1",
    r"\basynccontextmanager\b": "contextmanager",
    r"\baclosing\b": "closing",
    r"\baclose\b": "close",
    r"\b__a(enter|exit)__\b": r"__\1__",
    r"\ba(read|iter_lines|iter_bytes)\(": r"\1(",
}


def blocking(text: str) -> str:
    """Return the blocking client's text for that of the other one."""
    made = re.sub(r'\A""".*?"""', lambda _: HEAD, text, count=1, flags=re.DOTALL)
    for pattern, replacement in WORDS.items():
        made = re.sub(pattern, replacement, made)
    command = [sys.executable, "-m", "ruff", "{}", "--stdin-filename", str(FOLDER / "client.py"), "-"]
    for step in (["check", "--fix", "--select", "I,UP,RUF", "--quiet"], ["format", "--quiet"]):
        filled = [part for word in command for part in (step if word == "{}" else [word])]
        made = subprocess.run(filled, input=made, capture_output=True, text=True, check=True).stdout  # noqa: S603 # ours
    return made


if __name__ == "__main__":
    (FOLDER / "client.py").write_text(blocking((FOLDER / "async_client.py").read_text()))
