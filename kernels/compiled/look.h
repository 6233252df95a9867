// How the sources of a merge stand to each other, counted over part of the entries: see `kernels.reference.changes.Looked`.
#pragma once
#include "numbers.h"

// Looked at are the first `length` entries of every `every`; `length` is a multiple of BLOCK. `squares` and `products` (pairs in the
// order (0, 1), (0, 2), …, (1, 2), …) may be null.
typedef struct {
  int64_t every, length;
  int64_t seen, shared, conflicts, moved, lost;
  int64_t *changed, *against;
  double *squares, *products;
} Look;

INLINE double product(const float *a, const float *b, int count) {
  double square = 0, sum = 0;
  add_products(a, b, count, &square, &sum);
  return sum;
}

// A block: `changes` are the sources' blocks one after another, `merged` what was made of them. All have room for whole LANES, zeros
// at the end.
INLINE void look_at(Look *look, const float *changes, int sources, const float *merged, int count) {
  int32_t rises[BLOCK] = {0}, falls[BLOCK] = {0}, once[BLOCK] = {0}, twice[BLOCK] = {0};
  look->seen += count;
  for (int i = 0; i < sources; i++) {
    const float *change = changes + (int64_t)i * BLOCK;
    int changed = 0, against = 0;
    EACH(e, count) {
      int32_t up = change[e] > 0, down = change[e] < 0, moves = up | down;
      changed += moves;
      against += (up & (merged[e] < 0)) | (down & (merged[e] > 0));
      rises[e] |= up;
      falls[e] |= down;
      twice[e] |= once[e] & moves;
      once[e] |= moves;
    }
    look->changed[i] += changed, look->against[i] += against;
  }
  if (sources > 1) {
    int shared = 0, conflicts = 0;
    EACH(e, count) shared += twice[e], conflicts += rises[e] & falls[e];
    look->shared += shared, look->conflicts += conflicts;
  }
  if (!look->products) return;
  for (int i = 0, pair = 0; i < sources; i++) {
    const float *change = changes + (int64_t)i * BLOCK;
    look->squares[i] += product(change, change, count);
    for (int j = i + 1; j < sources; j++, pair++) look->products[pair] += product(change, changes + (int64_t)j * BLOCK, count);
  }
}

// Changes that the file's format cannot tell from none: the stored pattern is that of the base.
INLINE void look_at_cast(Look *look, const float *merged, const float *base, int format, int count, const void *stored) {
  float before[BLOCK];
  int size = format == FLOAT32 ? 4 : 2, moved = 0, lost = 0;
  store(base, format, 0, count, before);
  for (int e = 0; e < count; e++) {
    int moves = merged[e] != 0;
    moved += moves;
    lost += moves && !memcmp((const char *)stored + (int64_t)size * e, (const char *)before + (int64_t)size * e, (size_t)size);
  }
  look->moved += moved, look->lost += lost;
}
