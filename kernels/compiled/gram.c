// Inner products in float64: see `kernels.reference.gram`.
#include "numbers.h"

#define WIDE 8
typedef double Wide __attribute__((vector_size(8 * WIDE)));
// The same, anywhere in memory.
typedef double WideAt __attribute__((vector_size(8 * WIDE), aligned(8), may_alias));

// gram[i·count + j] = Σ (θ_i − b)·(θ_j − b) for j ≤ i. `scratch` holds `count` blocks of doubles.
EXPORTED void gp_gram(const void *base, int base_format, const void *const *sources, const int32_t *formats, int count,
                      int64_t size, double *scratch, double *gram) {
  float under[BLOCK], change[BLOCK];
  for (int64_t start = 0; start < size; start += BLOCK) {
    int part = size - start < BLOCK ? (int)(size - start) : BLOCK;
    if (base) load(base, base_format, start, part, under);
    int whole = (part + LANES - 1) / LANES * LANES;
    for (int i = 0; i < count; i++) {
      double *restrict wide = scratch + (int64_t)i * BLOCK;
      load_change(sources[i], formats[i], base ? under : 0, start, part, change);
      EACH(e, whole) wide[e] = change[e];
    }
    for (int i = 0; i < count; i++)
      for (int j = 0; j <= i; j++) {
        const double *a = scratch + (int64_t)i * BLOCK, *b = scratch + (int64_t)j * BLOCK;
        Wide sum = {0};
        for (int e = 0; e < whole; e += WIDE) sum += *(const WideAt *)(a + e) * *(const WideAt *)(b + e);
        double total = 0;
        for (int lane = 0; lane < WIDE; lane++) total += sum[lane];
        gram[i * count + j] += total;
      }
  }
}
