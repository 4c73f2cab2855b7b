package io.gpa4j.conversion;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ElementTypesTest {
  private static final int HALF_NAN = 0x7C00;

  @Test
  void half_everyValue_survivesTheWayToFloatAndBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      short half = (short) bits;
      float value = ElementTypes.fromHalf(half);
      if ((bits & 0x7FFF) > HALF_NAN) {
        assertThat(value).isNaN();
        assertThat(ElementTypes.fromHalf(ElementTypes.toHalf(value))).isNaN();
      } else {
        assertThat(value).isEqualTo(exactHalf(bits));
        assertThat(ElementTypes.toHalf(value)).isEqualTo(half);
      }
    }
  }

  @Test
  void half_betweenEveryTwoNeighbours_roundsToNearestEven() {
    for (int bits = 0; bits < 0x7BFF; bits++) {
      float low = ElementTypes.fromHalf((short) bits);
      float high = ElementTypes.fromHalf((short) (bits + 1));
      float middle = (float) (((double) low + high) / 2);
      int even = (bits & 1) == 0 ? bits : bits + 1;
      assertBoth(Math.nextDown(middle), bits);
      assertBoth(middle, even);
      assertBoth(Math.nextUp(middle), bits + 1);
    }
  }

  @Test
  void half_beyondTheLargest_becomesInfinite() {
    assertBoth(65504, 0x7BFF);
    assertBoth(Math.nextDown(65520f), 0x7BFF);
    assertBoth(65520, HALF_NAN);
    assertBoth(Float.POSITIVE_INFINITY, HALF_NAN);
    assertBoth(Float.MIN_VALUE, 0);
  }

  @Test
  void bfloat16_everyValue_survivesTheWayToFloatAndBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = ElementTypes.fromBfloat16((short) bits);
      if (Float.isNaN(value)) {
        assertThat(ElementTypes.fromBfloat16(ElementTypes.toBfloat16(value))).isNaN();
      } else {
        assertThat(ElementTypes.toBfloat16(value)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void bfloat16_betweenNeighbours_roundsToNearestEven() {
    Random random = new Random(1);
    int wrong = 0;
    for (int i = 0; i < 1_000_000; i++) {
      int bits = random.nextInt() & 0x7F7FFFFF;
      if ((bits & 0x7FFF0000) == 0x7F7F0000) {
        continue;
      }
      int rest = bits & 0xFFFF;
      int low = bits >>> 16;
      int want = rest > 0x8000 || rest == 0x8000 && (low & 1) == 1 ? low + 1 : low;
      wrong += (ElementTypes.toBfloat16(Float.intBitsToFloat(bits)) & 0xFFFF) == want ? 0 : 1;
      int tie = low << 16 | 0x8000;
      wrong += (ElementTypes.toBfloat16(Float.intBitsToFloat(tie)) & 0xFFFF) == low + (low & 1) ? 0 : 1;
    }
    assertThat(wrong).isZero();
  }

  private static void assertBoth(float value, int bits) {
    assertThat(ElementTypes.toHalf(value) & 0xFFFF).isEqualTo(bits);
    assertThat(ElementTypes.toHalf(-value) & 0xFFFF).isEqualTo(bits | 0x8000);
  }

  private static float exactHalf(int bits) {
    int exponent = bits >> 10 & 31;
    int fraction = bits & 1023;
    double magnitude = exponent == 31 ? Double.POSITIVE_INFINITY
        : exponent == 0 ? fraction * Math.pow(2, -24) : (1024 + fraction) * Math.pow(2, exponent - 25);
    return (float) (bits >= 0x8000 ? -magnitude : magnitude);
  }
}
