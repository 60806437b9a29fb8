"""The OKLab space of colours (Ottosson 2020), in which equal steps look equal."""

_TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_FROM_LAB = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_FROM_CONES = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
_SHARES = 64
Triple = tuple[float, float, float]


def to_oklab(color: str) -> Triple:
    """Return lightness (0 to 1) and the two axes of hue of a ``#rrggbb`` colour.

    >>> [round(value, 3) + 0.0 for value in to_oklab("#ff0000")]
    [0.628, 0.225, 0.126]
    """
    red, green, blue = (_linear(int(color[place : place + 2], 16) / 255) for place in (1, 3, 5))
    first, second, third = (value ** (1 / 3) for value in _times(_TO_CONES, (red, green, blue)))
    return _times(_TO_LAB, (first, second, third))


def from_oklab(lightness: float, a: float, b: float) -> str:
    """Return the colour, as saturated as a screen can show it at that lightness.

    >>> from_oklab(*to_oklab("#2361a9")), from_oklab(1.0, 0.2, 0.1)
    ('#2361a9', '#ffffff')
    """
    trials = (_screen((lightness, a * step / _SHARES, b * step / _SHARES)) for step in range(_SHARES, 0, -1))
    grey = _screen((lightness, 0.0, 0.0))
    channels = next((one for one in trials if all(-1e-3 <= value <= 1 + 1e-3 for value in one)), grey)
    return "#" + "".join(f"{round(255 * min(max(value, 0.0), 1.0)):02x}" for value in channels)


def _screen(lab: Triple) -> Triple:
    first, second, third = (value**3 for value in _times(_FROM_LAB, lab))
    red, green, blue = map(_curved, _times(_FROM_CONES, (first, second, third)))
    return red, green, blue


def _times(matrix: tuple[Triple, Triple, Triple], vector: Triple) -> Triple:
    x, y, z = vector
    one, two, three = (a * x + b * y + c * z for a, b, c in matrix)
    return one, two, three


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _curved(value: float) -> float:
    if value <= 0.0031308:
        return 12.92 * value
    return 1.055 * value ** (1 / 2.4) - 0.055
