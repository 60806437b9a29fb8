"""The expression language: what it computes, what it refuses, and where it points."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Add, Expr, Integer

from archgraph.errors import ArchgraphError, Place, SpecError
from archgraph.sizes.arithmetic import bounded
from archgraph.sizes.symbols import deciding, evaluate, symbol
from archgraph.spec.language.expressions import bindings_in, evaluate_expression
from archgraph.spec.language.grammar import names_in
from archgraph.spec.language.values import Word, describe

C, N = symbol("C"), symbol("N")


class Names:
    """An environment of plain names."""

    def __init__(self, **names: Any) -> None:
        self.names = {"C": C, "N": N, **names}

    def lookup(self, name: str) -> Any:
        if name not in self.names:
            raise SpecError(f"'{name}' is not defined")
        return self.names[name]

    def items(self, name: str) -> tuple:
        value = self.lookup(name)
        if not isinstance(value, tuple):
            raise SpecError(f"'{name}' is not a list")
        return value

    def axis(self, name: str, indices: tuple[int, ...], axis: str) -> Expr:
        return symbol("_".join([name, *map(str, indices), axis]))

    def concrete(self, value: Expr, role: str) -> int:
        return evaluate(value, {C: 8, N: 3})

    def tell(self, value: Any) -> str:
        return describe(value)


WORDS = ("same", "valid")
NAMES = Names(
    flag=True, mode=Word("same", WORDS), other=Word("valid", WORDS), widths=(C, Integer(3)), table=((C, N), (N, C))
)


def value(text: str | int | bool) -> Any:
    with deciding({C: 8, N: 3}):
        return evaluate_expression(NAMES, text=text)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("2 * C + C", 3 * C),
        ("C * 2**3 - 1", 8 * C - 1),
        ("(C + 1) * (C - 1)", C**2 - 1),
        ("4 * C // 2", 2 * C),
        ("C // 2 // 3", value("C // 6")),
        ("C / 2 * 2", C),
        ("(2 * C + 1) % 2", Integer(1)),
        ("-C", -C),
        ("2**C", 2**C),
        ("4**-1 * 4 * C", C),
        ("min(C, C)", C),
        ("max(1, 2, 3)", Integer(3)),
        ("min(widths)", value("min(C, 3)")),
        ("ceil(7 / 2)", Integer(4)),
        ("floor(7 / 2) + ceil(C / 1)", C + 3),
        ("len(widths)", Integer(2)),
        ("widths(0) + widths(2 - 1)", C + 3),
        ("widths(len(widths) - 1)", Integer(3)),
        ("table(1)(0)", N),
        ("x.c * y(2)(1).h", symbol("x_c") * symbol("y_2_1_h")),
        (" C ", C),
        (7, Integer(7)),
        (True, True),
        ("true", True),
        ("not flag", False),
        ("flag and C", True),
        ("C - 8 or false", False),
        ("1 < 2 <= 2 != 3", True),
        ("C > N", True),
        ("2 * C > C", True),
        ("C == N", False),
        ("mode == same", True),
        ("mode != valid", True),
        ("mode == other", False),
        ("flag == true", True),
        ("widths == widths", True),
        ("table(0) == widths", True),
        ("3 == N", True),
        ("widths != 3", True),
        ("mode", "same"),
    ],
)
def test_values(text, result):
    assert value(text) == result


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("C +* 2", "cannot read the expression 'C +* 2'", 4),
        ("C + D", "'D' is not defined", 5),
        ("1.5", "'1.5': 1.5 is not an integer", 1),
        ("'a'", "''a'': 'a' is not an integer", 1),
        ("1j * C", "'1j * C': 1j is not an integer", 1),
        ("lambda: 1", "'lambda: 1': `lambda` is not allowed in an expression", 1),
        ("C if flag else N", "'C if flag else N': `if` is not allowed in an expression", 1),
        ("[1, 2]", "'[1, 2]': a list is not allowed in an expression", 1),
        ("1, 2", "'1, 2': a comma is not allowed in an expression", 1),
        ("widths[0]", "'widths[0]': a subscript is not allowed in an expression", 1),
        ("C.__class__", "'C.__class__': an attribute is not allowed in an expression", 1),
        ("(1).real", "'(1).real': an attribute is not allowed in an expression", 1),
        ("x.c.h", "'x.c.h': an attribute is not allowed in an expression", 1),
        ("widths(i=0)", "'widths(i=0)': a call is not allowed in an expression", 1),
        ("(lambda: 0)()", "'(lambda: 0)()': a call is not allowed in an expression", 1),
        ("__import__('os')", "'__import__' is not defined", 1),
        ("C ^ 2", "'C ^ 2': ^ is not allowed in an expression", 1),
        ("C << 2", "'C << 2': `lshift` is not allowed in an expression", 1),
        ("C @ N", "'C @ N': `matmult` is not allowed in an expression", 1),
        ("~C", "'~C': `invert` is not allowed in an expression", 1),
        ("C is N", "'C is N': `is` is not allowed in an expression", 1),
        ("C in widths", "'C in widths': `in` is not allowed in an expression", 1),
        ("f'{C}'", "'f'{C}'': `joinedstr` is not allowed in an expression", 1),
        ("(C := 3)", "'(C := 3)': `namedexpr` is not allowed in an expression", 2),
        ("True", "'True': write true or false, in lower case", 1),
        ("max", "'max': max is a function", 1),
        ("max()", "'max()': max takes numbers", 1),
        ("min(flag, 1)", "'min(flag, 1)': min takes numbers", 1),
        ("len(C)", "'len(C)': len takes one list", 1),
        ("floor(1, 2)", "'floor(1, 2)': floor takes one number", 1),
        ("2 * widths", "'2 * widths': 'widths' is a list, and a number is needed", 1),
        ("flag + 1", "'flag + 1': 'flag' is true, and a number is needed", 1),
        ("1 + mode", "'1 + mode': 'mode' is the word 'same', and a number is needed", 1),
        ("not mode", "'not mode': 'mode' is the word 'same', and a condition is needed", 1),
        ("mode == sane", "'mode == sane': 'sane' is not one of same, valid. Did you mean 'same'?", 9),
        ("mode == 1", "'mode == 1': cannot compare the word 'same' with 1", 1),
        ("flag == 1", "'flag == 1': cannot compare true with 1", 1),
        ("mode < other", "'mode < other': only numbers can be ordered, not the word 'same' and the word 'valid'", 1),
        ("1 / (C - C)", "'1 / (C - C)': division by zero", 1),
        ("C % 0", "'C % 0': division by zero", 1),
        ("0**-1", "'0**-1': division by zero", 1),
        ("2**0.5", "'2**0.5': 0.5 is not an integer", 4),
        ("2**(1 / 2)", "'2**(1 / 2)': the exponent 1/2 is not an integer", 1),
        ("2**257", "'2**257': the exponent 257 is larger than 256", 1),
        ("C**33", "'C**33': the exponent 33 is larger than 32", 1),
        ("2**256 * 2**256 * 2", "'2**256 * 2**256 * 2': a number of 155 digits is too large: the limit is 2**512", 1),
        ("(C + N + 1)**20", "'(C + N + 1)**20': an expression of 231 terms is too long: the limit is 100", 1),
        ("widths(2)", "'widths(2)': the elements of widths are 0 to 1", 1),
        ("widths(-1)", "'widths(-1)': the elements of widths are 0 to 1", 1),
        ("widths(0)(0)", "'widths(0)' is C, not a list: it has no element 0", 1),
        ("C(0)", "'C' is not a list", 1),
        ("２", "cannot read '２': the character '２'", 1),
        ("C" + " + C" * 100, "the expression has 401 characters; the limit is 400", 1),
        ("(" * 45 + "C" + "+1)" * 45, "the expression '" + "(" * 40 + "…' nests deeper than 40", 1),
    ],
)
def test_refusals(text, message, column):
    with pytest.raises(SpecError) as caught, deciding({C: 8, N: 3}):
        evaluate_expression(NAMES, Place("net.yaml", 7, 1), text=text)
    assert caught.value.message == message
    assert caught.value.place == Place("net.yaml", 7, column)


def test_an_error_of_arithmetic_tells_the_values_in_it():
    with pytest.raises(SpecError) as caught:
        evaluate_expression(Names(k=Integer(3)), text="N + C // (k - 3)")
    assert caught.value.bindings == "C=C, k=3"


def test_bindings_are_those_that_have_a_value():
    assert bindings_in("widths(1) + missing * N", NAMES) == "widths(1)=3, N=N"


def test_names_are_told_as_they_are_spelt():
    assert list(names_in("max(x.c, f(i + 1)(j)) * y(2).h + k")) == ["x.c", "f(i + 1)(j)", "i", "j", "y(2).h", "k"]
    assert list(names_in("not an expression")) == []
    assert list(names_in(3)) == []


def test_an_undecidable_equality_is_recorded():
    with deciding({C: 3, N: 3}) as context:
        assert evaluate_expression(NAMES, text="C == N")
    assert [str(fact) for fact in context.assumptions] == ["C == N"]


def test_a_size_cannot_grow_without_end():
    deep = C
    with pytest.raises(SpecError, match="nests deeper than 40"):
        for _ in range(100):
            deep = evaluate_expression(Names(deep=deep), text="deep * 5 // 3 + N")
    with pytest.raises(SpecError, match="more than 1000 parts"):
        bounded(Add(*(symbol(f"s{i}") * symbol(f"t{i}") for i in range(400))))


ATOMS = st.one_of(
    st.integers(-3, 300).map(str), st.sampled_from(["C", "N", "flag", "mode", "widths", "x.c", "missing", "same", "_"])
)
BINARY = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<", "==", "!=", "and", "or", "(", ",", ".", "if"])


@given(st.recursive(ATOMS, lambda inner: st.tuples(inner, BINARY, inner).map(" ".join) | inner.map("({})".format)))
def test_anything_is_a_value_or_an_error(text):
    try:
        result = value(text)
    except ArchgraphError:
        return
    assert isinstance(result, (Expr, bool, str, tuple))


@given(st.integers(-50, 50), st.integers(-50, 50), st.sampled_from(["+", "-", "*", "//", "%"]))
def test_arithmetic_is_that_of_integers(left, right, operator):
    text = f"{left} {operator} {right}"
    if right == 0 and operator in ("//", "%"):
        with pytest.raises(SpecError, match="division by zero"):
            value(text)
    else:
        assert value(text) == eval(text)
