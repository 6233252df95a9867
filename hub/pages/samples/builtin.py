"""A few rows of the built-in sets for pages: the hub does not carry what workers do. A test holds them against the real thing."""

from typing import Any

from hub.pages.samples.pictures import picture_of_values

# One character a pixel, in 17 shades from 0 to g.
_SHADES = "0123456789abcdefg"
_DIGITS = (
    "007fd10008d6f400021dd000002fb1000001cc1000001a8000845e90007dd900",
    "0001b00000078000001d6220007f098005ga0g6004fgdg100003fa000002g400",
    "00ca000000egge0000dgfa1000bgg70000047g7000004g900054cg40009gga00",
    "0078dgf100774bc000008d100488ff6002bff400000g5000009f100000d50000",
    "0000ed100005gg20000egc0001aggc0003ceg9000005gf000004ge000001dg10",
    "0008f100000ce000003g7000006g2000007ggd5000fg99e0003e92g20007fgb0",
    "0018fa0003dfee0005a0ac000035fa2000ggggc0018ce830000ad000000b9000",
    "018cfe4003b88cc000002d700002fc100000d50000009d000078ef0000efb200",
    "00c8870003ggb70002e1000005e5000002fg90000002g2000048g40000be9000",
    "03f8860004gggd2003g9200002ggf3000076c9000001ea00005ef20001fe1000",
    "00da100005ge700004g8e00002egg60000149d1000000d60005859e000ddfgd0",
    "0009f100004gc00000fe2b3004g94ga009gbdg20009gge000008g6000009g200",
    "009ggg5001ea8g8000007g30038bfgb008ggfb30002g7000008g100000da0000",
    "0003fa10000bag40000c1f6000034f400006f60004fg900000dgf93000049e70",
    "006dg60003gefg1000508g2000008g3003fggg9005degb30000cf100004g7000",
    "03gge7100199fg400007gc100009g2000003f70000009f0001aagg3002dgc500",
)
_DIGIT_LABELS = (3, 4, 5, 7, 1, 6, 7, 3, 5, 5, 9, 4, 7, 2, 7, 3)
# name → rows of the split test, and some of its columns
_TABLES: dict[str, tuple[tuple[int, ...], dict[str, tuple[float, ...]]]] = {
    "builtin:iris": (
        (0, 4, 8, 12, 17, 21, 25, 29),
        {
            "sepal length (cm)": (5.1, 5.1, 5.1, 6.6, 5.6, 6.7, 7.7, 5.9),
            "sepal width (cm)": (3.5, 3.7, 3.8, 2.9, 3.0, 2.5, 2.8, 3.0),
            "petal length (cm)": (1.4, 1.5, 1.6, 4.6, 4.5, 5.8, 6.7, 5.1),
            "petal width (cm)": (0.2, 0.4, 0.2, 1.3, 1.5, 1.8, 2.0, 1.8),
            "label": (0, 0, 0, 1, 1, 2, 2, 2),
        },
    ),
    "builtin:wine": (
        (0, 5, 10, 15, 20, 25, 30, 35),
        {
            "alcohol": (14.23, 12.85, 13.77, 13.11, 11.81, 12.37, 13.32, 14.13),
            "malic_acid": (1.71, 1.6, 1.9, 1.01, 2.12, 1.63, 3.24, 4.1),
            "ash": (2.43, 2.52, 2.68, 1.7, 2.74, 2.3, 2.38, 2.74),
            "alcalinity_of_ash": (15.6, 17.8, 17.1, 15.0, 21.5, 24.5, 21.5, 24.5),
            "magnesium": (127.0, 95.0, 115.0, 78.0, 134.0, 88.0, 92.0, 96.0),
            "label": (0, 0, 0, 1, 1, 1, 2, 2),
        },
    ),
    "builtin:breast-cancer": (
        (0, 16, 32, 48, 64, 80, 96, 112),
        {
            "mean radius": (12.46, 13.27, 11.75, 12.87, 13.87, 12.72, 11.68, 9.333),
            "mean texture": (24.04, 14.76, 20.18, 16.21, 16.21, 17.67, 16.17, 21.94),
            "mean perimeter": (83.97, 84.74, 76.1, 82.38, 88.52, 80.98, 75.49, 59.01),
            "mean area": (475.9, 551.7, 419.8, 512.2, 593.7, 501.3, 420.5, 264.0),
            "mean smoothness": (0.1186, 0.07355, 0.1089, 0.09425, 0.08743, 0.07896, 0.1128, 0.0924),
            "label": (0, 1, 1, 1, 1, 1, 1, 1),
        },
    ),
    "builtin:diabetes": (
        (0, 12, 25, 37, 50, 62, 75, 87),
        {
            "age": (29.0, 66.0, 34.0, 64.0, 39.0, 57.0, 58.0, 36.0),
            "sex": (1.0, 2.0, 1.0, 2.0, 2.0, 1.0, 1.0, 1.0),
            "bmi": (30.0, 26.0, 20.6, 23.5, 24.0, 26.9, 28.1, 30.0),
            "bp": (85.0, 91.0, 87.0, 97.0, 89.67, 98.0, 111.0, 95.0),
            "s1": (180.0, 264.0, 185.0, 203.0, 190.0, 246.0, 198.0, 201.0),
            "target": (310.0, 202.0, 115.0, 91.0, 74.0, 249.0, 273.0, 220.0),
        },
    ),
}
_SPLIT = "test"


def builtin_rows(name: str, split: str) -> tuple[tuple[int, ...], dict[str, list[Any]]] | None:
    """Row numbers and columns, None where none are kept. Texts are not: they are those of the worker's own Python."""
    if split != _SPLIT:
        return None
    if name == "builtin:digits":
        pictures = [
            picture_of_values([_SHADES.index(shade) for shade in digit], 1, 8, 8, most=16.0) for digit in _DIGITS
        ]
        return tuple(range(len(_DIGITS))), {"images": pictures, "labels": list(_DIGIT_LABELS)}
    held = _TABLES.get(name)
    return (held[0], {column: list(values) for column, values in held[1].items()}) if held is not None else None
