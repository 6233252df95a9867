"""The browser's own SHA-256, piece by piece, against hashlib."""

import hashlib

import pytest

HASH = """async ([sizes, cuts]) => {
  const { Sha256 } = await import("/static/js/upload/sha256.js");
  return sizes.map((size) => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 7 + size) % 256);
    const hash = new Sha256();
    for (let at = 0, turn = 0; at < size; turn++) { const step = cuts[turn % cuts.length]; hash.update(bytes.subarray(at, at + step)); at += step; }
    return hash.hex();
  });
}"""
SIZES = [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1000, 4096, 100_003]


@pytest.mark.parametrize("cuts", [[1_000_000], [1], [63, 1], [64], [65, 7, 130]])
def test_digests_agree_with_hashlib_however_the_bytes_come(visit, dora, cuts):
    page = visit()
    page.goto("/login")
    expected = [hashlib.sha256(bytes((i * 7 + size) % 256 for i in range(size))).hexdigest() for size in SIZES]
    assert page.evaluate(HASH, [SIZES, cuts]) == expected


def test_lengths_beyond_32_bits_are_counted(visit, dora):
    """The length field is 64 bits wide: a file of 600 MB has more than 2³² bits. The state is set there, not hashed up to it."""
    page = visit()
    page.goto("/login")
    script = """async () => {
      const { Sha256 } = await import("/static/js/upload/sha256.js");
      const hash = new Sha256();
      hash.length = 2 ** 33;
      return hash.hex();
    }"""
    # the padding block of an empty tail after 2³³ bytes, from the start state
    block = b"\x80" + bytes(55) + (2**36).to_bytes(8, "big")
    assert page.evaluate(script) == _compressed(block)


def _compressed(block: bytes) -> str:
    """One compression from the start state, written straight from the standard."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, int(n**0.5) + 1))][:64]
    words32 = 2**32
    k = [_root(prime, 3) % words32 for prime in primes]
    state = [_root(prime, 2) % words32 for prime in primes[:8]]
    w = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 64, 4)]

    def turn(x: int, n: int) -> int:
        return ((x >> n) | (x << (32 - n))) % words32

    for i in range(16, 64):
        s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3)
        s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10)
        w.append((w[i - 16] + s0 + w[i - 7] + s1) % words32)
    a, b, c, d, e, f, g, h = state
    for i in range(64):
        one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i]
        two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
        h, g, f, e, d, c, b, a = g, f, e, (d + one) % words32, c, b, a, (one + two) % words32
    return "".join(f"{(x + y) % words32:08x}" for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True))


def _root(prime: int, degree: int) -> int:
    """floor(prime^(1/degree) · 2³²), in whole numbers."""
    target = prime << (32 * degree)
    low, high = 0, 1 << 40
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= target else (low, middle - 1)
    return low
