// Convolutions over frames that come in pieces: each keeps the input frames that its next outputs need, and makes an output
// once all its inputs are there. The bits are those of one convolution over everything, in whatever pieces the frames come,
// as the kernels compute a frame independently of the others.
//
// Every pass says whether frames follow (last = false) or the padding of the true end (last = true). A last pass makes all
// outputs and leaves the state as it was, so that it may also be a preview, made as if the frames ended there.
#pragma once
#include <cstdint>

#include "layers/context.h"

namespace gpa {

// The last input frames of a layer.
class FrameTail {
 public:
  int64_t rows() const { return rows_; }
  // The kept frames, then x: in x itself where none are kept or the `room` rows before it take them, else in the arena.
  Matrix join(Context& ctx, const Matrix& x, int64_t room) const;
  // Keeps the last rows of what join() gave.
  void keep(Context& ctx, const Matrix& joined, int64_t rows);

 private:
  Buffer frames_;
  int64_t rows_ = 0, room_ = 0;  // room_: floats
};

// A stride-1 convolution with `pad` zeros on both sides.
class ConvState {
 public:
  explicit ConvState(int64_t pad) : pad_(pad) {}

  // What one pass convolves.
  struct Window {
    Matrix x;          // its input frames, kept ones included
    int64_t pad_left;  // zeros before them
    Matrix centre;     // the rows of x under the taps' middle: one for each output
    int64_t room;      // rows before centre that may be overwritten once x is convolved
  };
  // room: rows before x that may be overwritten.
  Window advance(Context& ctx, const Matrix& x, bool last, int64_t room = 0);

 private:
  int64_t pad_;
  int64_t seen_ = 0;  // input frames so far
  FrameTail tail_;
};

// A transposed convolution whose full output is cropped by crop frames on the left and as needed on the right.
class UpConvState {
 public:
  UpConvState(int64_t stride, int64_t taps_per_phase, int64_t crop) : stride_(stride), taps_per_phase_(taps_per_phase), crop_(crop) {}

  struct Window {
    Matrix x;
    int64_t crop_left;   // of the full output of x
    int64_t out_frames;
  };
  // room: rows before x that may be overwritten.
  Window advance(Context& ctx, const Matrix& x, bool last, int64_t room = 0);

 private:
  int64_t stride_, taps_per_phase_, crop_;
  int64_t seen_ = 0;
  FrameTail tail_;
};

}  // namespace gpa
