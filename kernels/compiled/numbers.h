// Numbers as files hold them, read into float32 and written back, a block at a time.
#pragma once

#include <stdint.h>
#include <string.h>

// Changes with the functions' arguments; `library.INTERFACE` says the same.
#define INTERFACE 3

// One version of a function for each generation of processors; the loader picks. Sums are written in lanes, so all give the same bits.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define EXPORTED __attribute__((visibility("default"), target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EXPORTED __attribute__((visibility("default")))
#endif
#define INLINE static inline __attribute__((always_inline))

// A loop whose turns do not touch each other's memory, which no compiler sees through pointers.
#define EACH(e, count) _Pragma("GCC ivdep") for (int e = 0; e < (count); e++)

// Entries worked on at a time: a dozen blocks of them stay in the first-level cache. A multiple of LANES, and of four draws.
#define BLOCK 512
#define LANES 16

typedef float Lanes __attribute__((vector_size(4 * LANES)));
// The same, anywhere in memory.
typedef float LanesAt __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// As `library.FORMATS` has them.
enum { FLOAT32, BFLOAT16, FLOAT16 };

INLINE int32_t pattern_of(float value) {
  int32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

INLINE int32_t magnitude_of(float value) { return pattern_of(value) & 0x7fffffff; }

INLINE float of_bfloat16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

// To the nearest, ties to even; what is no number becomes the quiet one.
INLINE uint16_t to_bfloat16(float value) {
  uint32_t bits = (uint32_t)pattern_of(value);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : (uint16_t)rounded;
}

// `count` entries from `start` on as float32; the rest of the last LANES are zero, so that sums may take them along.
INLINE void load(const void *from, int format, int64_t start, int count, float *restrict to) {
  if (format == FLOAT32) {
    memcpy(to, (const float *)from + start, 4 * (size_t)count);
  } else if (format == BFLOAT16) {
    const uint16_t *restrict bits = (const uint16_t *)from + start;
    EACH(e, count) to[e] = of_bfloat16(bits[e]);
  } else {
    const _Float16 *restrict half = (const _Float16 *)from + start;
    EACH(e, count) to[e] = (float)half[e];
  }
  for (int e = count; e % LANES; e++) to[e] = 0;
}

// Writes `count` entries from `start` on; returns how many of them are infinite or no numbers as they are stored.
INLINE int64_t store(const float *restrict from, int format, int64_t start, int count, void *to) {
  int bad = 0;
  if (format == FLOAT32) {
    memcpy((float *)to + start, from, 4 * (size_t)count);
    EACH(e, count) bad += magnitude_of(from[e]) >= 0x7f800000;
  } else if (format == BFLOAT16) {
    uint16_t *restrict bits = (uint16_t *)to + start;
    EACH(e, count) bits[e] = to_bfloat16(from[e]);
    EACH(e, count) bad += (bits[e] & 0x7fff) >= 0x7f80;
  } else {
    _Float16 *restrict half = (_Float16 *)to + start;
    uint16_t *bits = (uint16_t *)to + start;
    EACH(e, count) half[e] = (_Float16)from[e];
    EACH(e, count) bits[e] = (bits[e] & 0x7fff) > 0x7c00 ? 0x7e00 : bits[e];
    EACH(e, count) bad += (bits[e] & 0x7fff) >= 0x7c00;
  }
  return bad;
}

// Adds Σ a² and Σ a·b of a block: float32 within a lane, float64 over the lanes. Good to about six digits: for reports, not for
// arithmetic.
INLINE void add_products(const float *a, const float *b, int count, double *square, double *product) {
  Lanes squares = {0}, products = {0};
  for (int e = 0; e < count; e += LANES) {
    Lanes left = *(const LanesAt *)(a + e), right = *(const LanesAt *)(b + e);
    squares += left * left;
    products += left * right;
  }
  for (int lane = 0; lane < LANES; lane++) *square += squares[lane], *product += products[lane];
}

// θ − b of a block, or θ itself where there is no base.
INLINE void load_change(const void *source, int format, const float *base, int64_t start, int count, float *restrict to) {
  load(source, format, start, count, to);
  if (base)
    EACH(e, count) to[e] -= base[e];
}
