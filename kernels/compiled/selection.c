// What an exact cut by magnitude is found from: see `kernels.select`.
#include "numbers.h"

// How many magnitudes of θ − b are above `high` and how many equal `low`, and those in (low, high] in their order.
// found[0] above, found[1] at low, found[2] inside; of the last at most `room` are kept in `inside`.
EXPORTED void gp_count(const void *base, int base_format, const void *source, int format, int64_t size,
                       int32_t low, int32_t high, int32_t *inside, int64_t room, int64_t *found) {
  float under[BLOCK], change[BLOCK];
  int32_t magnitudes[BLOCK + LANES], some[BLOCK];
  int64_t above = 0, at_low = 0, kept = 0;
  uint32_t span = (uint32_t)high - (uint32_t)low;
  for (int64_t start = 0; start < size; start += BLOCK) {
    int count = size - start < BLOCK ? (int)(size - start) : BLOCK, upper = 0, equal = 0, between = 0;
    if (base) load(base, base_format, start, count, under);
    load_change(source, format, base ? under : 0, start, count, change);
    EACH(e, count) magnitudes[e] = magnitude_of(change[e]);
    EACH(e, count) upper += magnitudes[e] > high, equal += magnitudes[e] == low;
    above += upper, at_low += equal;
    if (!span) continue;
    // One comparison for both ends: what is at or below `low` wraps around to a large number.
    for (int e = 0; e < count; e++) {
      some[between] = magnitudes[e];
      between += (uint32_t)magnitudes[e] - (uint32_t)low - 1 < span;
    }
    if (kept + between <= room) memcpy(inside + kept, some, 4 * (size_t)between);
    kept += between;
  }
  found[0] = above, found[1] = at_low, found[2] = kept;
}

// The flat index of the `wanted`-th entry, counted from 1, whose magnitude has this pattern; −1 where there are not so many.
EXPORTED int64_t gp_place(const void *base, int base_format, const void *source, int format, int64_t size,
                          int32_t pattern, int64_t wanted) {
  float under[BLOCK], change[BLOCK];
  int64_t seen = 0;
  for (int64_t start = 0; start < size; start += BLOCK) {
    int count = size - start < BLOCK ? (int)(size - start) : BLOCK, equal = 0;
    if (base) load(base, base_format, start, count, under);
    load_change(source, format, base ? under : 0, start, count, change);
    EACH(e, count) equal += magnitude_of(change[e]) == pattern;
    if (seen + equal < wanted) {
      seen += equal;
      continue;
    }
    for (int e = 0; e < count; e++)
      if (magnitude_of(change[e]) == pattern && ++seen == wanted) return start + e;
  }
  return -1;
}
