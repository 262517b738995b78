"""The graph around a run as the page draws it: which box stands where, what is written in it, and the lines between.

Chosen: what a run came from stands left of it and what was made from it right of it, each as many columns away as the
longest way to it has links, so that every line goes from left to right. Boxes have one size, so that nothing has to be
measured in the browser before it is placed.
Left out: drawing, which is `run_links.js`'s; it makes a list of the same boxes where there is no room for columns.
"""

from collections.abc import Mapping
from typing import Any

from charting.number_formats import format_count
from contract.run import LinkKind, Status
from contract.run_group import GroupKind, GroupStatus
from contract.run_links import Link, LinkNode, NodeKind, RunLinks
from engine.runs.links import Change
from ui.analysis.group_list import KIND_WORDS
from ui.analysis.group_list import STATUS_WORDS as GROUP_STATUS_WORDS
from ui.shell.formatting import STATUS, relative_time

WIDTH, HEIGHT = 184, 84  # px of a box
GAP_X, GAP_Y = 40, 14  # px between columns, and between the boxes of one
MANY = 3  # phrases of what differs that a box has; the others are counted

RELATION = {
    LinkKind.EDITED: ("Edited", "Edited from"),
    LinkKind.REPLAY: ("Replay", "Replay of"),
    LinkKind.REUSED: ("Reused", "Has the result of"),
    LinkKind.MEMBER: ("Point", "Point of"),
    LinkKind.SOURCE: ("", "Began with"),
    LinkKind.UNKNOWN: ("", "Made from"),
}
GROUP_TONE = {GroupStatus.RUNNING: "blue", GroupStatus.FINISHED: "green", GroupStatus.CANCELLED: "orange"}


def graph_data(links: RunLinks, changes: Mapping[str, Change]) -> dict[str, Any]:
    """Return the boxes with their places in px and texts, the lines between them, and the size of the whole."""
    places = _places(links)
    boxes = [_box(links, node, changes.get(node.key), places[node.key]) for node in links.nodes]
    boxes.sort(key=lambda box: (box["x"], box["y"]))
    kinds: dict[tuple[str, str], list[LinkKind]] = {}
    for link in links.links:
        kinds.setdefault((link.source, link.target), []).append(link.kind)
    lines = [
        {"path": _path(places[source], places[target]), "reused": found == [LinkKind.REUSED]}
        for (source, target), found in kinds.items()
    ]
    return {
        "boxes": boxes,
        "lines": lines,
        "width": max(x for x, _ in places.values()) + WIDTH,
        "height": max(y for _, y in places.values()) + HEIGHT,
        "box": [WIDTH, HEIGHT],
    }


def node_name(node: LinkNode) -> str:
    """Return what a node is called: a run by the end of its id, a group by its kind and its runs."""
    if node.kind is NodeKind.RUN:
        return f"Run {str(node.id)[-8:]}"
    if node.kind is NodeKind.GROUP:
        assert node.group is not None
        return f"{KIND_WORDS[node.group]}, {_count(node.runs, 'run')}"
    if node.kind is NodeKind.DELETED:
        return "A run that was deleted"
    return "A run you may not see" if node.runs == 1 else f"{format_count(node.runs)} runs you may not see"


def hidden_name(node: LinkNode, kind: LinkKind) -> str:
    """Return what something is called that the reader may not see, by how it is linked."""
    if node.kind is NodeKind.HIDDEN and kind is LinkKind.MEMBER:
        return "A group of runs you may not see"
    return node_name(node)


def change_text(change: Change | None, *, most: int = MANY) -> str:
    """Return what differs on one line; how many more inputs do is said."""
    if change is None:
        return ""
    if not change.known:
        return "inputs not compared"
    if not change.phrases:
        return "same inputs"
    left = len(change.phrases) - most
    return ", ".join(change.phrases[:most]) + (f" and {left} more" if left > 0 else "")


def _box(links: RunLinks, node: LinkNode, change: Change | None, place: tuple[int, int]) -> dict[str, Any]:
    origins = links.origins(node.key)
    words = [RELATION[link.kind][0] for link, _ in origins if RELATION[link.kind][0]]
    name = next((hidden_name(node, link.kind) for link in links.links if link.source == node.key), node_name(node))
    parts = [*dict.fromkeys(_step(link, source, words) for (link, source), words in zip(origins, words, strict=False))]
    status, tone = _status(node)
    more = [f"{format_count(node.more_before)} more before"] if node.more_before else []
    more += [f"{format_count(node.more_after)} more after"] if node.more_after else []
    return {
        "key": node.key,
        "x": place[0],
        "y": place[1],
        "name": name,
        "what": change_text(change),
        "about": " · ".join([*parts, *([status] if status else []), *([relative_time(node.at)] if node.at else [])]),
        "more": ", ".join(more),
        "relation": "; ".join(_relation(link, source) for link, source in origins),
        "user": node.user,
        "href": _address(node),
        "tone": tone,
        "current": node.key == links.focus,
    }


def _step(link: Link, source: LinkNode, words: str) -> str:
    return "Step" if link.kind is LinkKind.MEMBER and source.group is not GroupKind.SWEEP else words


def _relation(link: Link, source: LinkNode) -> str:
    name = hidden_name(source, link.kind)
    return f"{RELATION[link.kind][1]} {name[0].lower()}{name[1:]}"


def _status(node: LinkNode) -> tuple[str, str]:
    if isinstance(node.status, Status):
        return STATUS[node.status].words, STATUS[node.status].color
    if isinstance(node.status, GroupStatus):
        return GROUP_STATUS_WORDS[node.status], GROUP_TONE.get(node.status, "red")
    return "", "gray"


def _address(node: LinkNode) -> str:
    if node.id is None:
        return ""
    return f"/sweep?id={node.id}" if node.kind is NodeKind.GROUP else f"/run?id={node.id}"


def _count(number: int, noun: str) -> str:
    return f"{format_count(number)} {noun}{'' if number == 1 else 's'}"


def _places(links: RunLinks) -> dict[str, tuple[int, int]]:
    """Return the left upper corner of each node's box, in px."""
    columns = _columns(links)
    first = min(columns.values())
    around: dict[str, list[str]] = {node.key: [] for node in links.nodes}
    for link in links.links:
        around[link.source].append(link.target)
        around[link.target].append(link.source)
    rows: dict[str, float] = {}
    for column in sorted(set(columns.values()), key=abs):  # from the run outwards
        wanted = {}
        for key in (node.key for node in links.nodes if columns[node.key] == column):
            near = [rows[other] for other in around[key] if other in rows]
            wanted[key] = sum(near) / len(near) if near else 0.0
        middle = sum(wanted.values()) / len(wanted)
        ordered = sorted((row, int(key)) for key, row in wanted.items())
        rows |= {str(key): middle + i - (len(ordered) - 1) / 2 for i, (_, key) in enumerate(ordered)}
    top = min(rows.values())
    return {
        key: ((columns[key] - first) * (WIDTH + GAP_X), round((rows[key] - top) * (HEIGHT + GAP_Y))) for key in columns
    }


def _columns(links: RunLinks) -> dict[str, int]:
    """Return how many columns each node stands right of the run: below 0 for what it came from."""
    depths = {node.key: node.depth for node in links.nodes}
    columns = dict.fromkeys(depths, 0)
    # No way has more links than there are nodes, and no run comes from itself, however long this is repeated.
    for _ in depths:
        before = dict(columns)
        for link in links.links:
            if depths[link.target] <= 0:
                columns[link.source] = min(columns[link.source], columns[link.target] - 1)
            elif depths[link.source] >= 0:
                columns[link.target] = max(columns[link.target], columns[link.source] + 1)
        if columns == before:
            break
    return columns


def _path(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return a line from the right edge of one box to the left edge of another, as SVG has it."""
    x, y, to_x, to_y = start[0] + WIDTH, start[1] + HEIGHT // 2, end[0], end[1] + HEIGHT // 2
    bend = max(GAP_X // 2, (to_x - x) // 2)
    return f"M{x},{y} C{x + bend},{y} {to_x - bend},{to_y} {to_x},{to_y}"
