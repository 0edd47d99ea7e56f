# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutants: a source file with one small fault each, as cosmic-ray's operators make them."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

# One replacement for each operator between two values: what notices none of them would not notice another.
_BINARY: Final = (
    "Add_Sub Sub_Add Mul_FloorDiv Div_Mul FloorDiv_Mul Mod_FloorDiv Pow_Mul "
    "RShift_LShift LShift_RShift BitOr_BitAnd BitAnd_BitOr BitXor_BitOr"
)
# The opposite and the neighbours. `is` for `==` is the same for enums and None, and luck for everything else.
_COMPARISON: Final = (
    "Eq_NotEq NotEq_Eq Lt_LtE Lt_GtE LtE_Lt LtE_Gt Gt_GtE Gt_LtE GtE_Gt GtE_Lt Is_IsNot IsNot_Is",
    "Eq_LtE Eq_GtE NotEq_Lt NotEq_Gt",
)
# What has an order worth a test where two values are compared for being the same: numbers, not words.
_NUMBER: Final = re.compile(r"\s*(-?\d|len\()")
OPERATORS: Final = (
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ExceptionReplacer",
    "NumberReplacer",
    "RemoveDecorator",
    "ZeroIterationForLoop",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_USub",
    "ReplaceUnaryOperator_Delete_Invert",
    *(f"ReplaceBinaryOperator_{each}" for each in _BINARY.split()),
    *(f"ReplaceComparisonOperator_{each}" for each in _COMPARISON[0].split()),
)
OPERATORS_ON_NUMBERS: Final = tuple(f"ReplaceComparisonOperator_{each}" for each in _COMPARISON[1].split())


@dataclass(frozen=True)
class Mutant:
    """A file with one fault.

    Attributes:
        file: The path below the repository's root.
        operator: The name of cosmic-ray's operator.
        line: Where the fault begins, from 1.
        was: The line without the fault, or the lines, joined by blanks.
        becomes: The same with the fault.
        source: The whole file with the fault.
    """

    file: str
    operator: str
    line: int
    was: str
    becomes: str
    source: str


def mutants(file: str) -> list[Mutant]:
    """Return the mutants of a file that differ from it when they run, in the order of their lines."""
    # cosmic-ray is not in .venv, so only what makes mutants imports it.
    from cosmic_ray.ast import ast_nodes, get_ast  # noqa: PLC0415
    from cosmic_ray.mutating import mutate_code  # noqa: PLC0415
    from cosmic_ray.operators.provider import OperatorProvider  # noqa: PLC0415

    source = (ROOT / file).read_text(encoding="utf-8")
    plain, lines, nodes = _what_runs(source), source.splitlines(), list(ast_nodes(get_ast(source)))
    found = []
    for name in (*OPERATORS, *OPERATORS_ON_NUMBERS):
        operator = OperatorProvider()[name]()
        positions = [position for node in nodes for position in operator.mutation_positions(node)]
        for occurrence, (__, (line, column)) in enumerate(positions):
            if name in OPERATORS_ON_NUMBERS and not _NUMBER.match(lines[line - 1], column):
                continue
            mutated = mutate_code(source, operator, occurrence)
            if _what_runs(mutated) not in (None, plain):
                found.append(Mutant(file, name, *difference(lines, mutated.splitlines()), mutated))
    return sorted(found, key=lambda mutant: mutant.line)


def difference(one: Sequence[str], other: Sequence[str]) -> tuple[int, str, str]:
    """Return the number of the first line that differs, and the lines that do, of either text."""
    shortest = min(len(one), len(other))
    head = next((at for at in range(shortest) if one[at] != other[at]), shortest)
    tail = next((at for at in range(shortest - head) if one[-1 - at] != other[-1 - at]), shortest - head)
    was, becomes = (" ".join(" ".join(text[head : len(text) - tail]).split()) for text in (one, other))
    return head + 1, was, becomes


def _what_runs(source: str) -> str | None:
    """Return a text for what Python makes of a source; None if it makes nothing.

    Annotations do not count, since all files import them from __future__; nor does whether a dataclass is frozen, of
    which mypy takes care.
    """
    try:
        return ast.dump(_OnlyWhatRuns().visit(ast.parse(source)))
    except SyntaxError:
        return None


class _OnlyWhatRuns(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant("")
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg == "frozen":
            node.value = ast.Constant(True)
        return self.generic_visit(node)


def reach(source: str, line: int) -> range | None:
    """Return the lines of the statement around this one without its body; None outside of functions.

    A test runs a statement if it runs one of these lines. What stands outside of functions runs once, at the import.
    """
    around = [
        lines
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef)
        for child in function.body
        for node in ast.walk(child)
        if (lines := _lines(node)) is not None and line in lines
    ]
    return min(around, key=len, default=None)


def _lines(node: ast.AST) -> range | None:
    match node:
        case ast.match_case():
            first, body = node.pattern.lineno, node.body[0].lineno
        case ast.Match():
            first, body = node.lineno, node.cases[0].pattern.lineno
        case ast.stmt() | ast.ExceptHandler():
            first = min(each.lineno for each in (node, *getattr(node, "decorator_list", ())))
            inner = getattr(node, "body", None)
            body = inner[0].lineno if inner else (node.end_lineno or first) + 1
        case _:
            return None
    # What stands in one line with its body is run with it, as far as anybody can see.
    return range(first, max(body, first + 1))
