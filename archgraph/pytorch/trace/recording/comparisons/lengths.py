"""Numbers that are computed of sizes: they remember how, and note what a module's code compares them with."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from numbers import Integral, Number
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import torch

from archgraph.pytorch.trace.recording.comparisons.compared import LOOKED_UP, MADE_PLAIN, Comparisons, Formula, Made

Found = TypeVar("Found")
MOST_ARITHMETIC = 64
"""Steps of arithmetic that are remembered; what takes more counts as a size of its own, with a law that fits it."""
RELATIONS = {"__eq__": "==", "__ne__": "!=", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}
ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift")
OF_ONE_NUMBER: Mapping[str, Callable[..., Any]] = {
    "neg": operator.neg, "abs": abs, "floor": math.floor, "ceil": math.ceil, "trunc": math.trunc, "round": round,
    "invert": operator.invert, "bit_length": int.bit_length,
}  # fmt: skip
"""Steps of one number."""

comparisons: ContextVar[Comparisons | None] = ContextVar("comparisons", default=None)
"""What the running module's code is found to compare."""


_Whole = int if TYPE_CHECKING else torch.SymInt
"""What says that it is an `int` is one to type checkers."""


class Length(_Whole):
    """The size of a tensor, or a whole number that is computed of sizes.

    It says that it is an `int`, and is none: Python takes the value out of an `int` without asking it, where it counts,
    cuts a list or multiplies a fraction. PyTorch takes a `SymInt` wherever it takes whole numbers.

    Attributes:
        number: its value.
        formula: the step of arithmetic that made it; None of a size itself.
        recording: the one that it belongs to.
    """

    def __init__(self, number: int) -> None:
        self.number: int = number
        self.formula: Formula | None = None
        self.recording: int = _recording()

    @property
    def __class__(self) -> type:  # type: ignore[override]
        return int

    @property
    def node(self) -> _OneNumber:  # type: ignore[override]
        """What PyTorch's own Python asks."""
        return _OneNumber()

    def __hash__(self) -> int:
        _note(LOOKED_UP, self, 0, holds=True)
        return hash(self.number)

    def __getattr__(self, name: str) -> object:
        # PyTorch and numpy ask everything for marks of their own, which tell nothing of the number.
        return getattr(int(self) if hasattr(int, name) else self.number, name)

    def __copy__(self) -> Length:
        return self

    def __deepcopy__(self, memo: object) -> Length:
        return self

    def __reduce__(self) -> tuple[type, tuple[int]]:
        return int, (int(self),)

    def __array__(self, *form: object, **options: object) -> object:
        import numpy

        return numpy.asarray(int(self), *form)  # type: ignore[call-overload]


def _recording() -> int:
    noted = comparisons.get()
    return 0 if noted is None else noted.recording


def _is_left_over(number: object) -> bool:
    """Whether a size is of a recording that has ended: a cache of a library may still hold it."""
    return type(number) is Length and number.recording != _recording()


class _OneNumber:
    """What is behind a `SymInt` that stands for one number."""

    def is_nested_int(self) -> bool:
        return False


class Quotient(float):
    """A number that is computed of sizes, and may be none of the whole ones.

    Attributes:
        formula: the step of arithmetic that made it.
    """

    formula: Formula | None = None
    __hash__ = float.__hash__


def follows(number: object) -> TypeGuard[Length | Quotient]:
    """Whether a number knows how it was made."""
    return type(number) is Length or type(number) is Quotient


def bare_number(number: float) -> float:
    """Return a number without its making."""
    if type(number) is Length:
        return number.number
    return int.__int__(number) if isinstance(number, int) else float.__float__(number)


def made(number: float) -> Made:
    """Return how a number was made; itself, where that is not known."""
    return (number.formula if follows(number) else None) or bare_number(number)


def number_made(result: float, name: str, *operands: float) -> float:
    """Return the result of a step of arithmetic as a number that knows of it."""
    parts = tuple(map(made, operands))
    steps = 1 + sum(part.steps for part in parts if isinstance(part, Formula))
    number = Length(result) if isinstance(result, int) else Quotient(result)
    number.formula = Formula(name, parts, steps) if steps <= MOST_ARITHMETIC else None
    return number


def _note(relation: str, left: float, right: float, *, holds: bool) -> None:
    noted = comparisons.get()
    # No size is infinite, so that none decides how it compares with what is.
    if noted is not None and math.isfinite(_scale(left)) and math.isfinite(_scale(right)):
        noted.note(relation, made(left), made(right), (bare_number(left), bare_number(right)), holds=holds)


def _scale(number: float) -> float:
    """A whole number may be too large for a float, and is finite all the same."""
    return 0 if isinstance(number, int) else bare_number(number)


def decided_by(name: str, operands: Sequence[float], *, result: bool) -> bool:
    """Note what a function decides by numbers, and return it."""
    _note("!=", number_made(int(result), name, *operands), 0, holds=result)
    return result


def _rounded(name: str, number: float, result: float) -> None:
    """Note that a number which is none of the whole ones became one: elsewhere it may become another."""
    if isinstance(number, Quotient) and isinstance(result, int):
        _note(name, number, result, holds=True)


def _divided(number: float, divisor: float) -> None:
    """Note how often a divisor fits in a number."""
    whole = bare_number(number) // bare_number(divisor)
    try:
        quotient = number_made(bare_number(number) / bare_number(divisor), "truediv", number, divisor)
        _rounded("floor", quotient, math.floor(whole))
    except (OverflowError, ValueError):  # no float is as large, or it is none of the numbers
        _note(MADE_PLAIN, number, whole, holds=True)


def _truth(self: float) -> bool:
    result = bool(bare_number(self))
    _note("!=", self, 0, holds=result)
    return result


def _operand(other: object) -> object:
    """Return a number as one of Python's, where it is whole or real."""
    return operator.index(other) if isinstance(other, Integral) and not isinstance(other, int) else other


def _beside(compute: Callable[..., Found], self: float, other: object) -> Found:
    """Compute with a number of another kind, such as a fraction; what comes of it does not know how it was made."""
    if not isinstance(other, Number):
        return NotImplemented
    _note(MADE_PLAIN, self, bare_number(self), holds=True)
    return compute(bare_number(self), other)


def _comparing(name: str, relation: str) -> Callable[[float, object], bool]:
    def compared(self: float, other: object) -> bool:
        other = _operand(other)
        if not isinstance(other, (int, float)):
            return _beside(getattr(operator, name), self, other)
        # So no cache finds again what it kept under a size of another recording.
        if relation in ("==", "!=") and (_is_left_over(self) or _is_left_over(other)):
            return relation == "!="
        result = getattr(operator, name)(bare_number(self), bare_number(other))
        _note(relation, self, other, holds=result)
        return result

    return compared


def _computing(name: str, *, reflected: bool) -> Callable[..., float]:
    compute = getattr(operator, f"__{name}__")

    def computed(self: float, other: object, *modulus: int) -> float:
        other = _operand(other)
        if not isinstance(other, (int, float)):
            return _beside((lambda own, far: compute(far, own)) if reflected else compute, self, other)
        if modulus:
            return pow(*map(operator.index, (self, other, *modulus)))  # type: ignore[arg-type]
        operands = (other, self) if reflected else (self, other)
        result = compute(*map(bare_number, operands))
        if name in ("floordiv", "mod"):
            _divided(*operands)
        return number_made(result, name, *operands) if isinstance(result, (int, float)) else result

    return computed


def _turning(name: str) -> Callable[..., float]:
    turn = OF_ONE_NUMBER[name]

    def turned(self: float, *more: int) -> float:
        result = turn(bare_number(self), *more)
        _rounded(name, self, result)
        return number_made(result, name, self)

    return turned


def _whole(self: float) -> int:
    result = int(bare_number(self))
    _rounded("trunc", self, result)
    _note(MADE_PLAIN, self, result, holds=True)
    return result


def _forgetting(turn: Callable[..., object]) -> Callable[..., object]:
    """Note that a number becomes one that does not know how it was made, or text: Python allows nothing else there."""

    def turned(self: float, *form: object, **options: object) -> object:
        _note(MADE_PLAIN, self, bare_number(self), holds=True)
        return turn(bare_number(self), *form, **options)

    return turned


def _divmod(self: float, other: float) -> tuple[float, float]:
    return self // other, self % other


def _reflected_divmod(self: float, other: float) -> tuple[float, float]:
    return other // self, other % self


def _is_whole(self: float) -> bool:
    return decided_by("is_integer", [self], result=bare_number(self).is_integer())


Quotient.is_integer = _is_whole  # type: ignore[method-assign]
Length.bit_length = _turning("bit_length")  # type: ignore[method-assign, assignment]
Quotient.__int__ = _whole  # type: ignore[method-assign, assignment]
Length.__int__ = Length.__index__ = _forgetting(int)  # type: ignore[method-assign]
Length.__float__ = _forgetting(float)  # type: ignore[method-assign]
Quotient.__float__ = _forgetting(float)  # type: ignore[method-assign]
for _kind in (Length, Quotient):
    _kind.__bool__ = _truth  # type: ignore[method-assign]
    for _name, _turn in (("__str__", str), ("__repr__", repr), ("__format__", format)):
        setattr(_kind, _name, _forgetting(_turn))
    _kind.__divmod__ = _divmod  # type: ignore[method-assign, assignment]
    _kind.__rdivmod__ = _reflected_divmod  # type: ignore[method-assign, assignment]
    _kind.__pos__ = _kind.conjugate = lambda self: self  # type: ignore[method-assign, assignment]
    _kind.real = property(lambda self: self)  # type: ignore[assignment]
    _kind.as_integer_ratio = _forgetting(lambda number: number.as_integer_ratio())  # type: ignore[method-assign, assignment]
    for _name, _relation in RELATIONS.items():
        setattr(_kind, _name, _comparing(_name, _relation))
    for _name in OF_ONE_NUMBER:
        setattr(_kind, f"__{_name}__", _turning(_name))
    for _name in ARITHMETIC:
        setattr(_kind, f"__{_name}__", _computing(_name, reflected=False))
        setattr(_kind, f"__r{_name}__", _computing(_name, reflected=True))
Length.numerator = Length.real  # type: ignore[assignment]
Length.denominator, Length.imag = 1, 0  # type: ignore[assignment]
