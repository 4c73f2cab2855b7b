// Small arrays that ops read, laid out by the host and uploaded as one piece.
#pragma once
#include <cstddef>

#include "layers/context.h"

namespace gpa {

// In the arena of the context. Room is asked for first, then taken part by part, filled, and uploaded once.
class OperandBlock {
 public:
  // Where the host writes a part, and where ops will find it (host pointers must not be given to them, nor the others followed here).
  template <class T>
  struct Part {
    T* host;
    T* operand;
  };

  // Bytes that a part of so many elements takes.
  template <class T>
  static size_t room(int64_t count) {
    return (static_cast<size_t>(count) * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
  }

  OperandBlock(const Context& context, size_t bytes)
      : context_(context), host_(static_cast<char*>(context.arena.host_bytes(bytes))),
        operand_(context.queue.on_host() ? host_ : static_cast<char*>(context.arena.bytes(bytes))) {}

  template <class T>
  Part<T> take(int64_t count) {
    const size_t begin = used_;
    used_ += room<T>(count);
    return {reinterpret_cast<T*>(host_ + begin), reinterpret_cast<T*>(operand_ + begin)};
  }

  void upload() const {
    if (operand_ != host_) context_.queue.upload(operand_, host_, used_);
  }

 private:
  static constexpr size_t kAlignment = 16;
  const Context& context_;
  size_t used_ = 0;
  char *host_, *operand_;
};

}  // namespace gpa
