"""From trees to values: every scalar is an expression, and every error knows its place and its bindings."""

from __future__ import annotations

from typing import Any, NoReturn

from sympy import Expr

from archgraph.errors import ArchgraphError, SpecError
from archgraph.ops.arguments import Named
from archgraph.spec.language.expressions import Environment, bindings_in, evaluate_expression
from archgraph.spec.language.tree import Tree
from archgraph.spec.language.values import describe


def evaluate_tree(tree: Tree, environment: Environment) -> Any:
    """Evaluate a scalar as an expression, a list as a tuple of them; the place goes with every error."""
    if tree.is_list:
        return tuple(evaluate_tree(item, environment) for item in tree.value)
    if tree.is_mapping or tree.is_empty:
        tree.fail(f"expected a number or an expression, and found {tree.describe()}")
    try:
        return evaluate_expression(environment, tree.start, text=tree.value)
    except ArchgraphError as error:
        error.place = error.place or tree.place
        raise


def nested(tree: Tree, environment: Environment) -> Any:
    """Evaluate a scalar, or every scalar of a list or mapping."""
    if tree.is_mapping:
        return Named({key: nested(item, environment) for key, item in tree.value.items()})
    if tree.is_list:
        return tuple(nested(item, environment) for item in tree.value)
    return evaluate_tree(tree, environment)


def evaluate_number(tree: Tree, environment: Environment, what: str) -> Expr:
    """Evaluate to a number, or fail saying what should be one."""
    value = nested(tree, environment)
    if not isinstance(value, Expr):
        refuse(tree, environment, f"{what} must be a number, and is {describe(value)}")
    return value


def refuse(tree: Tree, environment: Environment, message: str, hint: str = "") -> NoReturn:
    """Raise `SpecError` at an expression, with the values of the names in it."""
    raise SpecError(message, place=tree.place, bindings=bindings_in(tree.value, environment), hint=hint)
