// Draws of the Philox stream, and which of them are below a limit.
#include "philox.h"

__attribute__((visibility("default"))) int gp_interface(void) { return INTERFACE; }

EXPORTED void gp_draws(uint32_t key0, uint32_t key1, int64_t start, int64_t count, int64_t *out) {
  uint32_t draws[BLOCK];
  for (int64_t done = 0; done < count; done += BLOCK) {
    int part = count - done < BLOCK ? (int)(count - done) : BLOCK;
    draw_block(key0, key1, start + done, draws);
    EACH(e, part) out[done + e] = draws[e];
  }
}

EXPORTED void gp_keep(uint32_t key0, uint32_t key1, int64_t start, int64_t count, uint64_t limit, uint8_t *out) {
  uint32_t draws[BLOCK];
  for (int64_t done = 0; done < count; done += BLOCK) {
    int part = count - done < BLOCK ? (int)(count - done) : BLOCK;
    draw_block(key0, key1, start + done, draws);
    EACH(e, part) out[done + e] = draws[e] < limit;
  }
}
