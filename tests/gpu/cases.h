// The ops that are timed, in the shapes of the networks.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "gpa/kernels/device.h"

namespace gpa::bench {

struct Case {
  std::string op, shape;
  double bytes;  // that must be read or written once
  double flop;
  std::function<void(int turn)> run;  // gives the op to the queue; turns use weights of their own, so that no cache helps
};

// Operands of the cases; they live as long as this.
class Cases {
 public:
  // smoke: tiny shapes.
  Cases(Device& device, Queue& queue, bool smoke);
  ~Cases();
  Cases(const Cases&) = delete;
  Cases& operator=(const Cases&) = delete;

  const std::vector<Case>& all() const { return cases_; }

 private:
  void add_products();
  enum class Entry { kPlain, kNormed, kGated, kSnaked };  // what the product does to x first
  void add_product(DType type, int64_t rows, int64_t in, int64_t out, Entry entry);
  void add_convolutions();
  void add_attention(const char* name, int64_t sequences, int64_t queries, int64_t keys, Mask mask);
  void add_rows();
  void add_samples(int64_t rows, int64_t cols);

  float* floats(int64_t count);  // small random numbers
  Weight weights(DType type, int64_t rows, int64_t cols);
  void* put(const void* data, size_t bytes);
  template <class T>
  T* put(const std::vector<T>& values) {
    return static_cast<T*>(put(values.data(), values.size() * sizeof(T)));
  }
  int64_t scaled(int64_t extent) const { return smoke_ && extent > 64 ? 64 : extent; }

  Queue& queue_;
  const KernelTable& kernels_;
  bool smoke_;
  std::vector<Case> cases_;
  std::vector<void*> memory_;
};

}  // namespace gpa::bench
