"""What keeps the package fit for one person, and no linter holds; read from its syntax, nothing is imported.

Each rule has a list of what still breaks it, below. The lists may only shrink: what breaks a rule anew fails,
and so does an entry that no longer breaks it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE = Path(__file__).parents[1] / "mockgrid"

# Lines of code are those with neither blanks nor comments nor docstrings alone.
MOST_MODULES = 392
MOST_CODE_LINES = 44_206
MOST_LINES = 400

# What may know uvicorn: the one adapter of mockgrid/http.
ADAPTERS = frozenset({"http.adapter"})

# Say what it is, and say it by a noun.
PALE_NAMES = frozenset({"asked", "found", "one", "rest", "shown", "told"})

# What a completion and its chunks are made of, where a word is not also one of MockGrid's own.
CHAT_ROOM = "reply.chat"
CHAT_WORDS = frozenset(
    {
        "chat.completion",
        "chat.completion.chunk",
        "choices",
        "completion_tokens",
        "delta",
        "finish_reason",
        "logprobs",
        "system_fingerprint",
        "tool_calls",
    }
)

# The keywords of JSON Schema that are no words of anything else that stands in these modules.
SCHEMA_ROOM = "schema"
SCHEMA_WORDS = frozenset(
    {
        "additionalProperties",
        "allOf",
        "anyOf",
        "dependentRequired",
        "dependentSchemas",
        "discriminator",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "minItems",
        "minLength",
        "minProperties",
        "multipleOf",
        "nullable",
        "oneOf",
        "patternProperties",
        "prefixItems",
        "properties",
        "propertyNames",
        "readOnly",
        "unevaluatedItems",
        "unevaluatedProperties",
        "uniqueItems",
        "writeOnly",
    }
)

EXCEPTIONS = {
    "runtime_circles": "",
    "typed_circles": "",
    "unargued_imports": "",
    "long_modules": "",
    "classes_of_one_name": "",
    "pale_names": "",
    "uvicorn_imports": "",
    "stray_chat_words": "scenario.reading.reply testing.exchange",
    "stray_schema_words": "reply.values report.junit scenario.reading.structure",
}


class Violation(NamedTuple):
    """``of`` is what the lists above name: a module, or a class."""

    of: str
    room: str
    text: str


class Import(NamedTuple):
    """``deferred`` until a function runs; ``typed`` where only a type checker sees it."""

    target: str
    line: int
    deferred: bool
    typed: bool


class Module:
    """One module: its name without the package's, its lines and its tree."""

    def __init__(self, path: Path) -> None:
        self.file = path.relative_to(PACKAGE).as_posix()
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        self.room = parts[0] if len(parts) > 1 else ""
        self.package = parts[:-1]
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "mockgrid"
        self.source = path.read_text("utf-8")
        self.tree = ast.parse(self.source)

    def violation(self, line: int, text: str) -> Violation:
        return Violation(self.name, self.room, f"{self.file}:{line}: {text}")

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def comments(self) -> dict[int, str]:
        tokens = tokenize.generate_tokens(io.StringIO(self.source).readline)
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}

    @cached_property
    def docstrings(self) -> set[ast.AST]:
        """Texts that stand by themselves: those of modules, classes and functions, and of attributes."""
        return {
            node.value
            for node in self.nodes
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }

    def literals(self, words: frozenset[str]) -> Iterator[ast.Constant]:
        """Strings that are exactly one of these words."""
        for node in self.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in words:
                yield node

    def code_lines(self) -> int:
        """Lines that hold more than blanks, comments and docstrings."""
        silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE}
        silent |= {tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
        lines: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.source).readline):
            if token.type not in silent:
                lines.update(range(token.start[0], token.end[0] + 1))
        for text in self.docstrings:
            lines.difference_update(range(text.lineno, text.end_lineno + 1))
        return len(lines)


@cache
def modules() -> dict[str, Module]:
    return {module.name: module for module in map(Module, sorted(PACKAGE.rglob("*.py")))}


@cache
def own_imports(name: str) -> list[Import]:
    """The modules of the package that one imports, wherever it does."""
    module = modules()[name]
    collected: list[Import] = []

    def visit(node: ast.AST, *, deferred: bool = False, typed: bool = False) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            collected.extend(Import(target, node.lineno, deferred, typed) for target in targets(module, node))
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for child in node.body:
                visit(child, deferred=deferred, typed=True)
            for child in node.orelse:
                visit(child, deferred=deferred, typed=typed)
        else:
            inside = deferred or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            for child in ast.iter_child_nodes(node):
                visit(child, deferred=inside, typed=typed)

    visit(module.tree)
    return collected


def targets(module: Module, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """What a statement imports of the package; ``from mockgrid.schema import walk`` may be a module."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        above = ["mockgrid", *module.package[: len(module.package) - node.level + 1]] if node.level else []
        source = ".".join([*above, node.module] if node.module else above)
        names = [f"{source}.{alias.name}" for alias in node.names]
    for name in names:
        if name == "mockgrid" or not name.startswith("mockgrid."):
            continue
        inner = name.removeprefix("mockgrid.")
        target = inner if inner in modules() else inner.rpartition(".")[0] or "mockgrid"
        if target in modules() and target != module.name:
            yield target


def circles(*, typed: bool) -> Iterator[Violation]:
    """Modules from which imports lead back to themselves, deferred ones counted."""
    edges = {
        name: {item.target for item in own_imports(name) if typed or not item.typed} for name in modules()
    }
    reached = {name: reachable(edges, name) for name in edges}
    for name, module in modules().items():
        if name in reached[name]:
            circle = sorted(other for other in reached[name] if name in reached[other] and other != name)
            yield module.violation(1, f"is in a circle with {', '.join(circle)}")


def reachable(edges: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = edges[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen


def runtime_circles() -> Iterator[Violation]:
    return circles(typed=False)


def typed_circles() -> Iterator[Violation]:
    return circles(typed=True)


def unargued_imports() -> Iterator[Violation]:
    """Deferred imports of own modules without a reason beside them; a bare ``noqa`` is none."""
    for name, module in modules().items():
        for item in own_imports(name):
            comment = re.sub(r"noqa: [A-Z0-9, ]+", "", module.comments.get(item.line, ""))
            if item.deferred and not item.typed and not re.search(r"\w+ \w+", comment):
                yield module.violation(item.line, f"imports {item.target} late and does not say why")


def long_modules() -> Iterator[Violation]:
    for module in modules().values():
        lines = module.source.count("\n")
        if lines > MOST_LINES:
            yield module.violation(lines, f"has {lines} lines, of at most {MOST_LINES}")


def classes_of_one_name() -> Iterator[Violation]:
    places: dict[str, list[tuple[Module, int]]] = defaultdict(list)
    for module in modules().values():
        for node in module.nodes:
            if isinstance(node, ast.ClassDef):
                places[node.name].append((module, node.lineno))
    for name, where in places.items():
        if len(where) > 1:
            for module, line in where:
                yield module.violation(line, f"class {name}")._replace(of=name)


def pale_names() -> Iterator[Violation]:
    """Variables, parameters and attributes with a name that says nothing."""
    for module in modules().values():
        for node in module.nodes:
            match node:
                case ast.arg(arg=name) | ast.alias(asname=name) | ast.ExceptHandler(name=name):
                    pass
                case ast.MatchAs(name=name) | ast.MatchStar(name=name) | ast.MatchMapping(rest=name):
                    pass
                case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                    pass
                case _:
                    continue
            if name in PALE_NAMES:
                yield module.violation(node.lineno, name)


def uvicorn_imports() -> Iterator[Violation]:
    for module in modules().values():
        for node in module.nodes:
            match node:
                case ast.Import(names=names):
                    sources = [alias.name for alias in names]
                case ast.ImportFrom(module=str(source), level=0):
                    sources = [source]
                case _:
                    continue
            if module.name not in ADAPTERS and any(re.match(r"uvicorn\b", source) for source in sources):
                yield module.violation(node.lineno, "imports uvicorn")


def strays(words: frozenset[str], room: str) -> Iterator[Violation]:
    """Literals that one room alone should know, elsewhere."""
    for module in modules().values():
        if not f"{module.name}.".startswith(f"{room}."):
            for node in module.literals(words):
                yield module.violation(node.lineno, f'"{node.value}"')


def stray_chat_words() -> Iterator[Violation]:
    return strays(CHAT_WORDS, CHAT_ROOM)


def stray_schema_words() -> Iterator[Violation]:
    return strays(SCHEMA_WORDS, SCHEMA_ROOM)


RULES = {
    rule.__name__: rule
    for rule in (
        runtime_circles,
        typed_circles,
        unargued_imports,
        long_modules,
        classes_of_one_name,
        pale_names,
        uvicorn_imports,
        stray_chat_words,
        stray_schema_words,
    )
}


def by_room(violations: Iterable[Violation]) -> str:
    rooms: dict[str, list[str]] = defaultdict(list)
    for violation in violations:
        rooms[violation.room].append(violation.text)
    return "\n".join(
        f"{room or 'mockgrid'} ({len(texts)})\n" + "\n".join(f"  {text}" for text in sorted(texts))
        for room, texts in sorted(rooms.items())
    )


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule):
    violations = list(RULES[rule]())
    admitted = EXCEPTIONS[rule].split()
    new = [violation for violation in violations if violation.of not in admitted]
    print(f"All that break it:\n{by_room(violations)}")  # noqa: T201 - `pytest -rP` shows it
    assert not new, f"{rule}, in these rooms:\n{by_room(new)}"
    idle = sorted(set(admitted) - {violation.of for violation in violations})
    assert not idle, f"{rule}: take these from the list, for they break it no more: {' '.join(idle)}"


def test_rules_and_lists_are_the_same():
    assert list(EXCEPTIONS) == list(RULES)
    assert [rule for rule, names in EXCEPTIONS.items() if names.split() != sorted(set(names.split()))] == []


def test_size():
    lines = sum(module.code_lines() for module in modules().values())
    print(f"{len(modules())} modules, {lines:,} lines of code")  # noqa: T201 - the same
    assert len(modules()) <= MOST_MODULES
    assert lines <= MOST_CODE_LINES
