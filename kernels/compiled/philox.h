// Philox4x32-10, the bits of `kernels.reference.philox`: draw e is word e mod 4 of the block whose counter is e div 4.
#pragma once

#include "numbers.h"

#define COUNTERS (BLOCK / 4)

// The draws `start` … `start + BLOCK - 1`, `start` a multiple of four.
INLINE void draw_block(uint32_t key0, uint32_t key1, int64_t start, uint32_t *restrict draws) {
  uint32_t c0[COUNTERS], c1[COUNTERS], c2[COUNTERS], c3[COUNTERS];
  EACH(n, COUNTERS) {
    uint64_t counter = (uint64_t)start / 4 + (uint64_t)n;
    c0[n] = (uint32_t)counter, c1[n] = (uint32_t)(counter >> 32), c2[n] = c3[n] = 0;
  }
  for (int round = 0; round < 10; round++) {
    EACH(n, COUNTERS) {
      uint64_t product0 = (uint64_t)c0[n] * 0xD2511F53u, product1 = (uint64_t)c2[n] * 0xCD9E8D57u;
      c0[n] = (uint32_t)(product1 >> 32) ^ c1[n] ^ key0, c1[n] = (uint32_t)product1;
      c2[n] = (uint32_t)(product0 >> 32) ^ c3[n] ^ key1, c3[n] = (uint32_t)product0;
    }
    key0 += 0x9E3779B9u, key1 += 0xBB67AE85u;
  }
  EACH(n, COUNTERS)
    draws[4 * n] = c0[n], draws[4 * n + 1] = c1[n], draws[4 * n + 2] = c2[n], draws[4 * n + 3] = c3[n];
}
