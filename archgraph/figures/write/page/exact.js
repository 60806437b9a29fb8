"use strict";
// Exact rational numbers: pairs of BigInts.
const gcd = (a, b) => { a = a < 0n ? -a : a; while (b) [a, b] = [b < 0n ? -b : b, a % (b < 0n ? -b : b)]; return a; };
const q = (n, d = 1n) => {
  if (d === 0n) throw new RangeError("division by zero");
  if (d < 0n) [n, d] = [-n, -d];
  const g = gcd(n, d) || 1n;
  return [n / g, d / g];
};
const add = (...xs) => xs.reduce((a, b) => q(a[0] * b[1] + b[0] * a[1], a[1] * b[1]), q(0n));
const mul = (...xs) => xs.reduce((a, b) => q(a[0] * b[0], a[1] * b[1]), q(1n));
const pow = (x, k) => (k < 0n ? q(x[1] ** -k, x[0] ** -k) : q(x[0] ** k, x[1] ** k));
const floor = ([n, d]) => q(n >= 0n || n % d === 0n ? n / d : n / d - 1n);
const ceil = (x) => mul(q(-1n), floor(mul(q(-1n), x)));
const mod = (x, y) => add(x, mul(q(-1n), y, floor(mul(x, pow(y, -1n)))));
const less = (a, b) => a[0] * b[1] < b[0] * a[1];
const max = (...xs) => xs.reduce((a, b) => (less(a, b) ? b : a));
const min = (...xs) => xs.reduce((a, b) => (less(b, a) ? b : a));

