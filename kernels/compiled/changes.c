// The fused map of the task arithmetic family: see `kernels.reference.changes`, whose roundings these are.
#include "look.h"
#include "philox.h"

enum { CUT, DRAWN };

// Entries to a word of remembered draws.
#define WORD 16

typedef double Lengths __attribute__((vector_size(64)));

// Which entries of a source stay. A cut keeps what is above `lower` and not above `upper`; above a cut are larger patterns, and equal
// ones up to flat index `last`.
typedef struct {
  int32_t mode, lower, upper, all;
  int64_t lower_last, upper_last;
  uint64_t limit;
  uint32_t key0, key1;
  // Of draws that were made before: sixteen entries to a word, the first in the lowest bit. Null where there are none.
  uint16_t *drawn;
} Choice;

typedef struct {
  float scale, divisor, smallest;
  int32_t vote, normalize, raw, count;
} Options;

INLINE int64_t clip(int64_t value, int64_t least, int64_t most) { return value < least ? least : value > most ? most : value; }

// Keeps or drops the entries of one run in which a cut has one threshold each: patterns from `lower` on and below `upper` stay.
INLINE int cut_run(const float *restrict change, int begin, int end, int64_t lower, int64_t upper, float *restrict kept) {
  int stayed = 0;
  int32_t from = (int32_t)clip(lower, 0, INT32_MAX), to = (int32_t)clip(upper, 0, INT32_MAX);
  // One more than the largest int32 fits no pattern: nothing is at or above it, everything below.
  int32_t none = lower > INT32_MAX, all = upper > INT32_MAX;
  _Pragma("GCC ivdep") for (int e = begin; e < end; e++) {
    int32_t magnitude = magnitude_of(change[e]);
    int stays = (magnitude >= from) & !none & ((magnitude < to) | all);
    kept[e] = stays ? change[e] : 0.0f;
    stayed += stays;
  }
  return stayed;
}

// A block, split where an index passes the last kept tie of either end.
INLINE int cut(const Choice *choice, const float *restrict change, int64_t start, int count, float *restrict kept) {
  int first = (int)clip(choice->lower_last + 1 - start, 0, count), second = (int)clip(choice->upper_last + 1 - start, 0, count);
  int near = first < second ? first : second, far = first < second ? second : first, stayed = 0;
  int edges[4] = {0, near, far, count};
  for (int run = 0; run < 3; run++) {
    int begin = edges[run], end = edges[run + 1];
    if (begin == end) continue;
    // Up to the last kept tie, a pattern equal to the cut's is above it.
    int64_t lower = (int64_t)choice->lower + (begin >= first), upper = (int64_t)choice->upper + (begin >= second);
    stayed += cut_run(change, begin, end, lower, upper, kept);
  }
  return stayed;
}

// Which entries of a block the lot keeps, sixteen to a word.
INLINE void draw(const Choice *choice, int64_t start, uint16_t *restrict drawn) {
  uint32_t draws[BLOCK];
  draw_block(choice->key0, choice->key1, start, draws);
  for (int word = 0; word < BLOCK / WORD; word++) {
    uint32_t bits = 0;
    for (int lane = 0; lane < WORD; lane++) bits |= (uint32_t)(draws[WORD * word + lane] < choice->limit) << lane;
    drawn[word] = (uint16_t)bits;
  }
}

INLINE int keep_drawn(const uint16_t *restrict drawn, const float *restrict change, int count, float *restrict kept) {
  int stays[BLOCK], stayed = 0;
  for (int word = 0; word < BLOCK / WORD; word++)
    for (int lane = 0; lane < WORD; lane++) stays[WORD * word + lane] = drawn[word] >> lane & 1;
  EACH(e, count) {
    // A product, so that entries that are no numbers show.
    kept[e] = change[e] * (float)stays[e];
    stayed += stays[e];
  }
  return stayed;
}

INLINE int thin_out(const Choice *choice, const float *restrict change, int64_t start, int count, float *restrict kept) {
  if (choice->mode == CUT) return cut(choice, change, start, count, kept);
  if (choice->drawn) return keep_drawn(choice->drawn + start / WORD, change, count, kept);
  uint16_t drawn[BLOCK / WORD];
  draw(choice, start, drawn);
  return keep_drawn(drawn, change, count, kept);
}

INLINE double length(const float *values, int count) {
  Lengths sum = {0};
  for (int e = 0; e < count; e += 8)
    for (int lane = 0; lane < 8; lane++) sum[lane] += __builtin_fabs(values[e + lane]);
  double total = 0;
  for (int lane = 0; lane < 8; lane++) total += sum[lane];
  return total;
}

// Σ|τ| and Σ|what stays of it| in float64. Draws are written to `choice->drawn`, for who needs them again.
EXPORTED void gp_lengths(const void *base, int base_format, const void *source, int format, const Choice *choice, int64_t size,
                         double *lengths) {
  float under[BLOCK], change[BLOCK], kept[BLOCK];
  for (int64_t start = 0; start < size; start += BLOCK) {
    int count = size - start < BLOCK ? (int)(size - start) : BLOCK;
    if (base) load(base, base_format, start, count, under);
    load_change(source, format, base ? under : 0, start, count, change);
    if (choice->mode == DRAWN) draw(choice, start, choice->drawn + start / WORD);
    thin_out(choice, change, start, count, kept);
    for (int e = count; e % LANES; e++) kept[e] = 0;
    lengths[0] += length(change, count), lengths[1] += length(kept, count);
  }
}

// `out` has room for whole LANES, and so have the blocks that are added up.
INLINE void add_up(float *const *kept, const float *weights, int sources, const Options *options, int count, float *out) {
  for (int e = 0; e < count; e += LANES) {
    Lanes sum = *(const LanesAt *)(kept[0] + e) * weights[0];
    for (int i = 1; i < sources; i++) sum += *(const LanesAt *)(kept[i] + e) * weights[i];
    if (options->divisor != 1.0f) sum /= options->divisor;
    *(LanesAt *)(out + e) = sum;
  }
}

// As `kernels.reference.election`; returns how many (source, entry) pairs agreed.
INLINE int64_t elect(float *const *kept, const float *weights, int sources, const Options *options, int count, float *restrict out) {
  float sign[BLOCK], agreeing[BLOCK];
  int64_t agreed = 0;
  for (int i = 0; i < sources; i++) {
    const float *restrict value = kept[i];
    float voice = options->raw ? 1.0f : weights[i];
    if (i)
      EACH(e, count) sign[e] += value[e] * voice;
    else
      EACH(e, count) sign[e] = value[e] * voice;
  }
  EACH(e, count) {
    // Adding +0 turns -0 into +0: a zero sum elects +.
    sign[e] = pattern_of(sign[e] + 0.0f) < 0 ? -1.0f : 1.0f;
    out[e] = agreeing[e] = 0.0f;
  }
  for (int i = 0; i < sources; i++) {
    const float *restrict value = kept[i];
    float weight = weights[i], before = options->raw ? 1.0f : weight, after = options->raw ? weight : 1.0f;
    float counted = options->count ? 1.0f : weight;
    int won = 0;
    EACH(e, count) {
      float vote = value[e] * sign[e] * before;
      int wins = vote > 0.0f;
      // Not a choice by `wins`: an entry that is no number does not win, and shows.
      out[e] += (vote < 0.0f ? 0.0f : vote) * after;
      won += wins;
      agreeing[e] += (float)wins * counted;
    }
    agreed += won;
  }
  EACH(e, count) out[e] *= sign[e];
  if (!options->normalize) return agreed;
  if (options->smallest > 0)
    EACH(e, count) out[e] /= agreeing[e] < options->smallest ? options->smallest : agreeing[e];
  else
    EACH(e, count) out[e] /= agreeing[e] == 0.0f ? 1.0f : agreeing[e];
  return agreed;
}

// Entries `begin` … `end - 1`, `begin` a multiple of BLOCK. `out` and `merged` begin with entry `begin`; `merged` and `look` may be null.
// `scratch`: 2·sources blocks. `sums`: Σ τ_i², then Σ τ_i·m, then Σ m². `counts`: how many entries of
// each source stayed, then how many pairs agreed, then how many stored entries are no numbers.
EXPORTED void gp_changes(const void *base, int base_format, const void *const *source, const int32_t *formats,
                         const Choice *choices, const float *weights, const float *factors, int sources, int64_t begin,
                         int64_t end, const Options *options, void *out, int out_format, float *merged, float *scratch,
                         float **kept, double *sums, int64_t *counts, Look *look) {
  float under[BLOCK], result[BLOCK + LANES], computed[BLOCK + LANES];
  for (int64_t start = begin; start < end; start += BLOCK) {
    int count = end - start < BLOCK ? (int)(end - start) : BLOCK;
    if (base) load(base, base_format, start, count, under);
    for (int i = 0; i < sources; i++) {
      float *change = scratch + (int64_t)i * BLOCK, *stayed = scratch + (int64_t)(sources + i) * BLOCK;
      const Choice *choice = choices + i;
      load_change(source[i], formats[i], base ? under : 0, start, count, change);
      if (choice->all) {
        kept[i] = change, counts[i] += count;
      } else {
        kept[i] = stayed;
        counts[i] += thin_out(choice, change, start, count, stayed);
      }
      if (factors[i] != 1.0f) {
        EACH(e, count) stayed[e] = kept[i][e] * factors[i];
        kept[i] = stayed;
      }
    }
    if (options->vote)
      counts[sources] += elect(kept, weights, sources, options, count, result);
    else
      add_up(kept, weights, sources, options, count, result);
    if (options->scale != 1.0f)
      EACH(e, count) result[e] *= options->scale;
    for (int e = count; e % LANES; e++) result[e] = 0;
    for (int i = 0; i < sources; i++) {
      const float *change = scratch + (int64_t)i * BLOCK;
      add_products(change, result, count, sums + i, sums + sources + i);
    }
    double ignored = 0;
    add_products(result, result, count, sums + 2 * sources, &ignored);
    if (merged) memcpy(merged + (start - begin), result, 4 * (size_t)count);
    if (base) {
      EACH(e, count) computed[e] = under[e] + result[e];
      counts[sources + 1] += store(computed, out_format, start - begin, count, out);
    } else {
      counts[sources + 1] += store(result, out_format, start - begin, count, out);
    }
    if (look && start % look->every < look->length) {
      look_at(look, scratch, sources, result, count);
      if (base) look_at_cast(look, result, under, out_format, count, (const char *)out + (start - begin) * (out_format == FLOAT32 ? 4 : 2));
    }
  }
}
