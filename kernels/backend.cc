// kernels/backend.cc -- operations that are made of others; contract:
// kernels/backend.h
#include "kernels/backend.h"

namespace nncpp {

LstmCell LstmCell::Rows(int64_t first, int64_t count) const {
  return {.from_below = from_below.Rows(first, count),
          .recurrent = recurrent.Rows(first, count),
          .table = table,
          .gain = gain,
          .bias = bias,
          .c_before = c_before.Rows(first, count),
          .normed = normed.Rows(first, count),
          .inverse_rms = inverse_rms.Rows(first, count),
          .gates = gates.Rows(first, count),
          .c = c.Rows(first, count),
          .h = h.Rows(first, count)};
}

LstmCellGradient LstmCellGradient::Rows(int64_t first, int64_t count) const {
  return {.cell = cell.Rows(first, count),
          .dh_above = dh_above.Rows(first, count),
          .dh_recurrent = dh_recurrent.Rows(first, count),
          .dc = dc,
          .dnormed = dnormed.Rows(first, count),
          .dsum = dsum.Rows(first, count)};
}

void Backend::LstmLayerForward(const LstmLayer& layer, ConstSymbols symbols) {
  if (layer.cell.h.rows == 0) return;
  const int64_t b = layer.streams, steps = layer.cell.h.rows / b;
  for (int64_t t = 0; t < steps; ++t) {
    ProductForward(layer.h_before.Rows(t * b, b), layer.weights,
                   layer.products);
    LstmCell cell = layer.cell.Rows(t * b, b);
    cell.recurrent = layer.products;
    LstmCellForward(cell, symbols.Rows(t, 1));
  }
}

void Backend::LstmLayerBackward(const LstmLayerGradient& gradient) {
  if (gradient.cell.dsum.rows == 0) return;
  const int64_t b = gradient.streams, steps = gradient.cell.dsum.rows / b;
  for (int64_t t = steps - 1; t >= 0; --t) {
    LstmCellGradient step = gradient.cell.Rows(t * b, b);
    if (t < steps - 1) step.dh_recurrent = gradient.dh;
    LstmCellBackward(step);
    if (t > 0) {
      ProductBackward(step.dsum, gradient.weights, gradient.noise, t * b,
                      gradient.dh);
    }
  }
}

}  // namespace nncpp
