"""The primes of an integer."""

from __future__ import annotations

from collections.abc import Iterator


def prime_divisors(number: int) -> Iterator[int]:
    """Yield the primes that divide a number, each once.

    >>> list(prime_divisors(224))
    [2, 7]
    """
    divisor = 2
    while number > 1:
        if number % divisor == 0:
            yield divisor
            while number % divisor == 0:
                number //= divisor
        divisor = divisor + 1 if divisor * divisor < number else number
