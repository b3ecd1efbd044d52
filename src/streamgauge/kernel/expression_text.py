"""From the text of an expression to its tree: recursive descent, one method per level of binding, loosest first."""

import math
import re
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from streamgauge.kernel.expression_tree import (
    Arithmetic,
    Both,
    Call,
    Comparison,
    Conditional,
    Either,
    Expression,
    Function,
    Literal,
    Name,
    Negate,
    Node,
    Not,
    Numeric,
    Operator,
    Relation,
    Truth,
)
from streamgauge.kernel.refusal import Reason, Refusal

MAX_LENGTH = 1000
MAX_TOKENS = 250
MAX_DEPTH = 32

# CEL keeps these words for itself.
_RESERVED = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "package",
        "namespace",
        "null",
        "return",
        "true",
        "var",
        "void",
        "while",
    ]
)
_OF_MANY = frozenset({Function.MAX, Function.MIN})
_OF_TWO = _OF_MANY | {Function.POW}


def parse_expression(text: str) -> Expression:
    """Raises Refusal INVALID_PARAMETER, field "expression", that tells what was found where."""
    if len(text) > MAX_LENGTH:
        raise _refusal(f"it is longer than {MAX_LENGTH} characters")
    return Expression(text, _Parser(text).parse())


_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign><=|>=|==|!=|&&|\|\||[-+*/%()<>!?:,])|(?P<end>\Z)|(?P<other>.))",
    re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while not tokens or tokens[-1].kind != "end":
        found = _TOKEN.match(text, at)
        assert found is not None  # One of the last two alternatives always matches.
        kind = found.lastgroup or "end"
        tokens.append(_Token(kind, found[kind], found.start(kind)))
        at = found.end()
        if len(tokens) > MAX_TOKENS:
            raise _refusal(f"it has more than {MAX_TOKENS} words and signs")
    return tokens


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def parse(self) -> Numeric:
        root = self._numeric(self._whole(), self._tokens[0])
        if self._next.kind != "end":
            self._unexpected("the end")
        return root

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *signs: str) -> _Token | None:
        token = self._next
        if token.kind != "sign" or token.text not in signs:
            return None
        self._at += 1
        return token

    def _require(self, sign: str) -> None:
        if self._take(sign) is None:
            self._unexpected(repr(sign))

    def _unexpected(self, expected: str) -> NoReturn:
        token = self._next
        found = "it ends" if token.kind == "end" else f"there is {token.text!r}"
        raise _refusal(f"{found} at character {token.at + 1}, where {expected} was expected")

    def _numeric(self, node: Node, start: _Token) -> Numeric:
        if isinstance(node, Comparison | Both | Either | Not):
            raise _refusal(f"a condition stands at character {start.at + 1}, where a number was expected")
        return node

    def _truth(self, node: Node, start: _Token) -> Truth:
        if not isinstance(node, Comparison | Both | Either | Not):
            raise _refusal(f"a number stands at character {start.at + 1}, where a condition was expected")
        return node

    def _whole(self) -> Node:
        """Either side of nothing: what may stand in parentheses."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _refusal(f"it is nested deeper than {MAX_DEPTH} levels")
        start = self._next
        node = self._either()
        if self._take("?"):
            condition = self._truth(node, start)
            start = self._next
            then = self._numeric(self._either(), start)
            self._require(":")
            start = self._next
            node = Conditional(condition, then, self._numeric(self._whole(), start))
        self._depth -= 1
        return node

    def _either(self) -> Node:
        start = self._next
        node = self._both()
        while self._take("||"):
            left, right_start = self._truth(node, start), self._next
            node = Either(left, self._truth(self._both(), right_start))
        return node

    def _both(self) -> Node:
        start = self._next
        node = self._relation()
        while self._take("&&"):
            left, right_start = self._truth(node, start), self._next
            node = Both(left, self._truth(self._relation(), right_start))
        return node

    def _relation(self) -> Node:
        start = self._next
        node = self._sum()
        while token := self._take(*Relation):
            left, right_start = self._numeric(node, start), self._next
            node = Comparison(Relation(token.text), left, self._numeric(self._sum(), right_start))
        return node

    def _sum(self) -> Node:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Node:
        return self._chain(self._unary, "*", "/", "%")

    def _chain(self, part: Callable[[], Node], *signs: str) -> Node:
        start = self._next
        node = part()
        while token := self._take(*signs):
            left, right_start = self._numeric(node, start), self._next
            node = Arithmetic(Operator(token.text), left, self._numeric(part(), right_start))
        return node

    def _unary(self) -> Node:
        signs = []
        while token := self._take("-", "!"):
            signs.append(token)
            if len(signs) > MAX_DEPTH:
                raise _refusal(f"it is nested deeper than {MAX_DEPTH} levels")
        start = self._next
        node = self._primary()
        for token in reversed(signs):
            node = Negate(self._numeric(node, start)) if token.text == "-" else Not(self._truth(node, start))
        return node

    def _primary(self) -> Node:
        token = self._next
        if token.kind == "number":
            self._at += 1
            return _literal(token)
        if token.kind == "name":
            self._at += 1
            return self._call(token) if self._take("(") else _name(token)
        if not self._take("("):
            self._unexpected("a number, a property or a parenthesis")
        node = self._whole()
        self._require(")")
        return node

    def _call(self, token: _Token) -> Call:
        if token.text not in list(Function):
            raise _refusal(f"there is no function {token.text!r}; there are {', '.join(Function)}")
        function = Function(token.text)
        arguments: list[Numeric] = []
        while not arguments or self._take(","):
            start = self._next
            arguments.append(self._numeric(self._whole(), start))
        self._require(")")
        wanted = 2 if function in _OF_TWO else 1
        if len(arguments) < wanted or (len(arguments) > wanted and function not in _OF_MANY):
            many = "two or more numbers" if function is not Function.POW else "two numbers"
            raise _refusal(f"{function} takes {'one number' if wanted == 1 else many}")
        return Call(function, tuple(arguments))


def _literal(token: _Token) -> Literal:
    value = float(token.text)
    if math.isinf(value):
        raise _refusal(f"the number at character {token.at + 1} is too large")
    return Literal(value)


def _name(token: _Token) -> Name:
    if token.text in _RESERVED:
        raise _refusal(f"{token.text!r} at character {token.at + 1} is a reserved word")
    return Name(token.text)


def _refusal(problem: str) -> Refusal:
    return Refusal(
        Reason.INVALID_PARAMETER,
        f"Invalid expression: {problem}",
        field="expression",
        expected="arithmetic over numbers and names of properties",
    )
