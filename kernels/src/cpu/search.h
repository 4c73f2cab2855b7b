// The searches of one instruction set: GPA_ISA_NAMESPACE::searches().
#pragma once
#include "cpu/search_fit.h"
#include "cpu/search_scale.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

void sums(const Tile& tile, Levels levels, const Fit& fit, Sums& out) {
  for_parts(tile, [&](const Part& part) {
    const int first = part.first;
    const PartSums s = sums_of(part, IntegerGrid::of(levels), inverse(at(fit.scale, first)), at(fit.min, first));
    put(s.w, out.w, first);
    put(s.x, out.x, first);
    put(s.q, out.q, first);
    put(s.xq, out.xq, first);
    put(s.qq, out.qq, first);
  });
}

void codes(const Tile& tile, Levels levels, const Fit& fit, Codes& out) {
  const IntegerGrid grid = IntegerGrid::of(levels);
  for_parts(tile, [&](const Part& part) {
    const Vec inverse_scale = inverse(at(fit.scale, part.first)), min = at(fit.min, part.first);
    for (int i = 0; i < tile.size; ++i) {
      const Vec code = grid((part.x(i) + min) * inverse_scale) - grid.low;
      put_codes(__builtin_convertvector(code.v, Ints), out, i, part.first);
    }
  });
}

void codes_iq4_nl(const Tile& tile, const PerLane& scale, Codes& out) {
  for_parts(tile, [&](const Part& part) {
    const Vec inverse_scale = inverse(at(scale, part.first));
    for (int i = 0; i < tile.size; ++i) {
      const Ints index = Iq4Grid::index(part.x(i) * inverse_scale);
      Ints code;
      for (int lane = 0; lane < kWidth; ++lane) code[lane] = kIq4Table.code[index[lane]];
      put_codes(code, out, i, part.first);
    }
  });
}

constexpr SearchTable kSearches = {
    .search_scale = search_integers,
    .search_scale_iq4_nl = search_iq4_nl,
    .search_fit = search_fit,
    .choose_scale = choose_scale,
    .choose_fit = choose_fit,
    .sums = sums,
    .codes = codes,
    .codes_iq4_nl = codes_iq4_nl,
};

}  // namespace

const SearchTable& searches() { return kSearches; }

}  // namespace gpa::GPA_ISA_NAMESPACE
