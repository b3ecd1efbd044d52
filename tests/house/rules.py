"""The rules of the house that a program can check. Each takes a tree and returns its complaints; none means that it is kept."""

import ast
import re
from collections.abc import Callable, Iterable, Sequence

from tests.house.tree import Module, comments_of, functions_of, imports_of

Rule = Callable[[Sequence[Module]], list[str]]

# From the ground up. A room may import from the floors below its own, and never from another room of its own floor.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"kernel"}),
    frozenset({"wire", "journal", "store", "control", "limits", "sample"}),
    frozenset({"intake", "loader", "query", "metering", "webhooks", "transfer"}),
    frozenset({"web"}),
    frozenset({"workers"}),
    frozenset({"assembly"}),
    frozenset({"cli"}),
)
_FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 80
USUAL_FUNCTION_LINES = 40
USUAL_SHARE = 0.95
BROAD_HANDLERS_PER_THOUSAND_LINES = 0.2

# Modules with the top of a thread or of a request, where whatever happened must end in an answer or a state that is seen.
# One handler of everything in each of them is not counted.
TOPS = frozenset(
    {
        "streamgauge.journal.journal",
        "streamgauge.loader.loader",
        "streamgauge.web.cycle",
        "streamgauge.web.ingest",
        "streamgauge.web.routing",
        "streamgauge.workers.desk",
    }
)

_EMPTY_NAMES = frozenset({"util", "utils", "helper", "helpers", "common", "manager", "managers", "base", "misc"})


def _room_of(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else None


def upward_imports(modules: Sequence[Module]) -> list[str]:
    """Imports that go up, or across to another room of the same floor; and rooms that stand on no floor."""
    known = frozenset(module.name for module in modules)
    complaints = []
    for module in modules:
        room = _room_of(module.name)
        if room is None or room == "__main__":
            continue
        if room not in _FLOOR_OF:
            complaints.append(f"{module.place}: room {room} stands on no floor; give it one in tests/house/rules.py")
            continue
        for target in sorted(imports_of(module, known)):
            other = _room_of(target)
            if other in _FLOOR_OF and other != room and _FLOOR_OF[other] >= _FLOOR_OF[room]:
                complaints.append(f"{module.place}: {room} imports {target}, which is not on a floor below")
    return complaints


def import_cycles(modules: Sequence[Module]) -> list[str]:
    """Groups of modules that reach each other by imports, direct or not."""
    known = frozenset(module.name for module in modules)
    reach = _closure({module.name: imports_of(module, known) for module in modules})
    groups = {
        frozenset({name, *(other for other in reach[name] if name in reach[other])}) for name in reach if name in reach[name]
    }
    return sorted("import cycle: " + ", ".join(sorted(group)) for group in groups)


def _closure(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        waiting = list(graph[start])
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(graph[name])
        reach[start] = seen
    return reach


def large_files(modules: Sequence[Module]) -> list[str]:
    return [
        f"{module.place}: {module.lines} lines, {MAX_FILE_LINES} are allowed"
        for module in modules
        if module.lines > MAX_FILE_LINES
    ]


def long_functions(modules: Sequence[Module]) -> list[str]:
    """Functions over the hard limit; and, when too many are over the usual length, those."""
    functions = [function for module in modules for function in functions_of(module)]
    hard = [function for function in functions if function.lines > MAX_FUNCTION_LINES]
    soft = [function for function in functions if function.lines > USUAL_FUNCTION_LINES]
    complaints = [f"{f.place} {f.name}: {f.lines} lines, {MAX_FUNCTION_LINES} are allowed" for f in hard]
    if len(soft) > (1 - USUAL_SHARE) * len(functions):
        complaints += [
            f"{f.place} {f.name}: one of too many over {USUAL_FUNCTION_LINES} lines ({f.lines})" for f in soft if f not in hard
        ]
    return complaints


def empty_names(modules: Sequence[Module]) -> list[str]:
    """Files and folders whose name says nothing of what is in them."""
    return [
        f"{module.place}: the name {part} does not say what is in it"
        for module in modules
        for part in module.name.split(".")
        if part in _EMPTY_NAMES or _EMPTY_NAMES & set(part.split("_")) - {"base"}
    ]


def broad_handlers(modules: Sequence[Module]) -> list[str]:
    """Handlers of every exception that go on: each needs a reason on its line, and but for the known tops they must be rare."""
    complaints, elsewhere = [], []
    tops = set(TOPS)
    for module in modules:
        comments = comments_of(module)
        for handler in _broad_handlers_of(module.tree):
            if any(isinstance(node, ast.Raise) for node in ast.walk(handler)):
                continue
            place = f"{module.place}:{handler.lineno}"
            if not _states_reason(comments.get(handler.lineno, "")):
                complaints.append(f"{place}: catches everything without a reason on its line")
            if module.name in tops:
                tops.remove(module.name)
            else:
                elsewhere.append(place)
    allowed = int(sum(module.lines for module in modules) / 1000 * BROAD_HANDLERS_PER_THOUSAND_LINES)
    if len(elsewhere) > allowed:
        complaints.append(f"{len(elsewhere)} handlers catch everything and go on, {allowed} are allowed: {', '.join(elsewhere)}")
    return complaints


def _broad_handlers_of(tree: ast.Module) -> Iterable[ast.ExceptHandler]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}) for kind in kinds):
                yield node


_SWITCH = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b(?::\s*[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*|\[[a-z0-9, -]+\])?")


def _states_reason(comment: str) -> bool:
    """True when something is said beside switches: at least two words."""
    return len(re.findall(r"[A-Za-z]{2,}", _SWITCH.sub(" ", comment))) >= 2


def unexplained_switches(modules: Sequence[Module]) -> list[str]:
    """Lint and type checks switched off for a line that does not say why, or switched off for all rules at once."""
    complaints = []
    for module in modules:
        for line, comment in comments_of(module).items():
            for switch in _SWITCH.finditer(comment):
                place = f"{module.place}:{line}"
                if not re.search(r"[:\[]\s*[A-Za-z]", switch.group().replace("type:", "", 1)):
                    complaints.append(f"{place}: switches off every rule; name the one")
                if not _states_reason(comment):
                    complaints.append(f"{place}: switches off a rule without a reason on the line")
    return complaints


_SKIPS = frozenset({"skip", "skipif", "xfail", "importorskip", "skipTest"})


def skipped_or_mocked(modules: Sequence[Module]) -> list[str]:
    """Tests that may pass without having run, or that run against a stand-in made on the spot."""
    complaints = []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in _SKIPS:
                complaints.append(f"{module.place}:{node.lineno}: {node.attr} lets a test pass without having run")
            elif isinstance(node, ast.Import | ast.ImportFrom) and re.search(r"\bmock\b", ast.unparse(node)):
                complaints.append(f"{module.place}:{node.lineno}: mocks; use the real thing or the fake that its room ships")
    return complaints


def unread_settings(modules: Sequence[Module], names: Iterable[str]) -> list[str]:
    """Settings that no code reads. Read means: as `settings.NAME`, outside the module that declares and compares them, or by a
    property of the settings themselves."""
    read = set()
    for module in modules:
        holders = {"self"} if module.name == "streamgauge.kernel.settings" else {"settings", "_settings"}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute):
                holder = node.value
                name = holder.id if isinstance(holder, ast.Name) else holder.attr if isinstance(holder, ast.Attribute) else ""
                if name in holders:
                    read.add(node.attr)
    return [f"{name}: validated, but read nowhere" for name in names if name not in read]
