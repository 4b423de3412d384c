"""Formulas in SymPy's words, worked out step by step in mpmath's numbers."""

import ast
import operator
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

__all__ = ["NoRealValueError", "read"]

# A formula that was read takes the values of its symbols by name.
Function = Callable[[dict[str, Any]], Any]

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
COMPARISONS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
# What mpmath calls as SymPy does, and what it calls otherwise.
ALIKE = (
    "acos acosh asin asinh atan atanh cos cosh erf erfc floor gamma log loggamma sign sin sinh "
    "sqrt tan tanh"
)
OTHERWISE = {"Abs": "fabs", "abs": "fabs", "ceiling": "ceil", "ln": "log"}


class NoRealValueError(ArithmeticError):
    """A step is complex or no number: everywhere, or with too few digits alone."""


@lru_cache
def read(formula: str, names: frozenset[str]) -> Function:
    """Return the formula as a function of the values of its symbols, which are mpmath's numbers.

    Every step is taken as it stands, because SymPy simplifies: it makes x of exp(log(x)), which
    then has a value at -1.

    Parameters
    ----------
    formula : str
        What `ulp_error` takes.
    names : frozenset of str
        The symbols that have a value.

    Returns
    -------
    callable
        It raises a NoRealValueError where a step has no real value.

    Raises
    ------
    TypeError
        If a symbol has no value or a function is not known.
    ValueError
        If the formula cannot be read.
    """
    return _Reader(formula, names).function


class _Reader:
    """Makes a function of each part of a formula's syntax tree."""

    def __init__(self, formula: str, names: frozenset[str]) -> None:
        import mpmath

        self.formula, self.names = formula, names
        self.functions = {name: getattr(mpmath, name) for name in ALIKE.split()}
        self.functions |= {name: getattr(mpmath, other) for name, other in OTHERWISE.items()}
        self.functions |= {"exp": _exp, "Heaviside": _heaviside, "Max": max, "Min": min}
        self.constants = {"pi": mpmath.pi, "E": mpmath.e}
        try:
            self.tree = ast.parse(formula, mode="eval").body
        except (SyntaxError, ValueError) as error:
            msg = f"the formula {formula!r} cannot be read: {error.args[0]}"
            raise ValueError(msg) from error
        self._know_every_name()
        self.function = self._read(self.tree)

    def _know_every_name(self) -> None:
        """Raise a TypeError if there is a name that means nothing."""
        calls = [part.func for part in ast.walk(self.tree) if isinstance(part, ast.Call)]
        known = sorted([*self.functions, "Piecewise"], key=str.lower)
        for name in calls:
            if isinstance(name, ast.Name) and name.id not in known:
                msg = (
                    f"the formula {self.formula!r} calls {name.id}, and only "
                    f"{', '.join(known)} are known"
                )
                raise TypeError(msg)
        others = [part for part in ast.walk(self.tree) if part not in calls]
        names = {part.id for part in others if isinstance(part, ast.Name)}
        if missing := sorted(names - self.names - set(self.constants)):
            msg = f"the formula {self.formula!r} needs a value for {', '.join(missing)}"
            raise TypeError(msg)

    def _refusal(self, part: ast.AST) -> ValueError:
        return ValueError(f"the formula {self.formula!r} cannot be read at {ast.unparse(part)!r}")

    def _read(self, part: ast.AST) -> Function:
        parts: list[ast.expr]
        functions = self.functions
        match part:
            case ast.Constant(value=number) if type(number) in {int, float}:
                return self._number(part)
            case ast.Name(id=name):
                return self._name(name)
            case ast.Call(func=ast.Name(id="Piecewise"), args=[_, *_] as parts, keywords=[]):
                return self._piecewise(parts)
            case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in functions:
                function = functions[name]
            case ast.BinOp(op=op, left=left, right=right) if type(op) in OPERATORS:
                function, parts = OPERATORS[type(op)], [left, right]
            case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
                function, parts = OPERATORS[type(op)], [operand]
            case _:
                raise self._refusal(part)
        arguments = [self._read(argument) for argument in parts]

        def value(given: dict[str, Any]) -> Any:
            values = [argument(given) for argument in arguments]
            try:
                return _real(function(*values))
            except (ZeroDivisionError, OverflowError, ValueError) as error:
                raise NoRealValueError from error
            except TypeError as error:  # too many arguments, or too few
                raise self._refusal(part) from error

        return value

    def _name(self, name: str) -> Function:
        if name in self.names:
            return operator.itemgetter(name)
        constant = self.constants[name]
        return lambda _: +constant  # to the digits of the moment

    def _number(self, part: ast.Constant) -> Function:
        """Read a decimal number from its text: the float 0.1 is not one tenth."""
        import mpmath

        text = str(ast.get_source_segment(self.formula, part))
        exact = Fraction(part.value if isinstance(part.value, int) else text)
        if exact.denominator == 1:
            whole = mpmath.mpmathify(exact.numerator)
            return lambda _: whole
        return lambda _: mpmath.mpf(exact.numerator) / exact.denominator

    def _piecewise(self, pairs: list[ast.expr]) -> Function:
        """Read pairs of a value and a condition: the first that holds gives the value."""
        cases = []
        for pair in pairs:
            match pair:
                case ast.Tuple(elts=[value, condition]):
                    cases.append((self._read(value), self._condition(condition)))
                case _:
                    raise self._refusal(pair)

        def value_of_first(given: dict[str, Any]) -> Any:
            for value, holds in cases:
                if holds(given):
                    return value(given)
            raise NoRealValueError

        return value_of_first

    def _condition(self, part: ast.AST) -> Function:
        match part:
            case ast.Constant(value=True):
                return lambda _: True
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
                compare, one, other = COMPARISONS[type(op)], self._read(left), self._read(right)
                return lambda given: compare(one(given), other(given))
        raise self._refusal(part)


def _real(value: Any) -> Any:
    import mpmath

    if isinstance(value, mpmath.mpc) or mpmath.isnan(value):
        raise NoRealValueError
    return value


def _exp(x: Any) -> Any:
    import mpmath

    # The exponential of an exponential, far out: no memory holds its exponent.
    if mpmath.isfinite(x) and mpmath.mag(x) > 1e5:
        return mpmath.mpf(0) if x < 0 else mpmath.inf
    return mpmath.exp(x)


def _heaviside(x: Any, at_zero: Any = None) -> Any:
    import mpmath

    if x != 0:
        return mpmath.mpf(x > 0)
    return mpmath.mpf(1) / 2 if at_zero is None else at_zero
