"""A formula of `osteon.case.formulas` in SQL: its own Python source, translated operator by operator.

So a formula is written down once. What the translation does not know it refuses, and a test translates every formula.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from itertools import product

from osteon.case import formulas
from osteon.case.formulas import Formula
from osteon.case.vocabulary import vocabulary
from osteon.cohort.rules_sql import Given
from osteon.cohort.sql import all_of, columns, name, number

OPERATORS: Mapping[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
COMPARISONS: Mapping[type, str] = {ast.GtE: ">=", ast.Gt: ">", ast.LtE: "<=", ast.Lt: "<"}
FUNCTIONS: Mapping[str, str] = {"min": "least", "max": "greatest", "float": ""}


def formula_bounds(formula: Formula, given: Given) -> tuple[str, str, str]:
    """Lowest and highest result, and whether the formula may be used: as `Formula.result`, from the inputs' ends.

    Parameters
    ----------
    formula
        One of `osteon.case.formulas.FORMULAS`; all its inputs are among `given`.
    given
        The findings with columns, as in `rules_sql`.
    """
    choices = [finding for finding in formula.inputs if given[finding]]
    ranges = [finding for finding in formula.inputs if not given[finding]]
    results, valid = [], []
    for corner in product(*(columns(finding) for finding in ranges)):
        ends = dict(zip(ranges, map(name, corner), strict=True))
        if (rule := valid_sql(formula.target, ends)) not in valid:
            valid.append(rule)
        for chosen in product(*(range(len(given[finding])) for finding in choices)):
            bits = zip(choices, chosen, strict=True)
            fits = all_of([f"({name(finding)} & {1 << bit}) <> 0" for finding, bit in bits])
            words = {finding: given[finding][bit] for finding, bit in zip(choices, chosen, strict=True)}
            result = result_sql(formula.target, ends, words)
            results.append(result if fits == "TRUE" else f"CASE WHEN {fits} THEN {result} END")
    low, high = f"least({', '.join(results)})", f"greatest({', '.join(results)})"
    target = vocabulary()[formula.target]
    assert target.low is not None and target.high is not None
    known = [f"{name(columns(finding)[0])} IS NOT NULL" for finding in formula.inputs]
    legal = [f"{low} >= {number(target.low)}", f"{high} <= {number(target.high)}"]
    return low, high, all_of([*known, *valid, *legal])


@cache
def source() -> ast.Module:
    return ast.parse(inspect.getsource(formulas))


def result_sql(target: str, ends: Mapping[str, str], words: Mapping[str, str]) -> str:
    """What a formula's function returns, for quantities given as SQL and choices given as words."""
    (function,) = (part for part in source().body if isinstance(part, ast.FunctionDef) and part.name == target)
    meaning: dict[str, str] = dict(ends)
    for statement in function.body:
        if isinstance(statement, ast.Assign):
            meaning |= assigned(statement, meaning, words)
        elif isinstance(statement, ast.Return):
            assert statement.value is not None
            return translated(statement.value, meaning, words)
    raise ValueError(f"{target} returns nothing.")


def assigned(statement: ast.Assign, meaning: Mapping[str, str], words: Mapping[str, str]) -> dict[str, str]:
    (left,) = statement.targets
    value = decided(statement.value, words)
    if isinstance(left, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(left.elts, value.elts, strict=True)
        return {each.id: translated(part, meaning, words) for each, part in pairs if isinstance(each, ast.Name)}
    assert isinstance(left, ast.Name)
    return {left.id: translated(value, meaning, words)}


def valid_sql(target: str, ends: Mapping[str, str]) -> str:
    """The formula's own condition for its use; true where it has none."""
    for call in ast.walk(source()):
        if isinstance(call, ast.Call) and len(call.args) == 3 and getattr(call.args[0], "id", "") == target:
            rule = call.args[2]
            assert isinstance(rule, ast.Lambda)
            return translated(rule.body, ends, {})
    return "TRUE"


def decided(tree: ast.expr, words: Mapping[str, str]) -> ast.expr:
    """One branch of `a if word == "that" else b`; any other tree as it is."""
    if isinstance(tree, ast.IfExp):
        test = tree.test
        assert isinstance(test, ast.Compare) and isinstance(test.left, ast.Name)
        assert isinstance(test.ops[0], ast.Eq) and isinstance(test.comparators[0], ast.Constant)
        return tree.body if words[test.left.id] == test.comparators[0].value else tree.orelse
    return tree


def translated(tree: ast.expr, meaning: Mapping[str, str], words: Mapping[str, str]) -> str:
    """One expression in SQL; raises ValueError for what has no translation here."""
    match decided(tree, words):
        case ast.Constant(value=int() | float() as value):
            return number(value)
        case ast.Name(id=local):
            return meaning[local]
        case ast.BinOp(left, ast.Pow(), right):
            return f"pow({translated(left, meaning, words)}, {translated(right, meaning, words)})"
        case ast.BinOp(left, sign, right) if type(sign) in OPERATORS:
            return f"({translated(left, meaning, words)} {OPERATORS[type(sign)]} {translated(right, meaning, words)})"
        case ast.UnaryOp(ast.USub(), inner):
            return f"(-{translated(inner, meaning, words)})"
        case ast.Compare(left, [sign], [right]) if type(sign) in COMPARISONS:
            return f"{translated(left, meaning, words)} {COMPARISONS[type(sign)]} {translated(right, meaning, words)}"
        case ast.Call(ast.Name(id=function), arguments) if function in FUNCTIONS:
            inner_sql = ", ".join(translated(each, meaning, words) for each in arguments)
            return f"{FUNCTIONS[function]}({inner_sql})"
    raise ValueError(f"{ast.unparse(tree)} has no translation into SQL.")
