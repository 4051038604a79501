/** Base-2 logarithm and power in fixed point (docs/scoring.md 6.2): bit for bit, no floating-point function involved. */
import { mulShift48, TWO_32, TWO_48 } from './fixed.ts'

const TWO_31 = TWO_32 / 2

/**
 * log2(x) in Q32 for an integer 1 ≤ x < 2^53: position of the leading bit, then 32 squarings of the mantissa (Q31,
 * floored), each of which yields one bit. At most 10·2^−32 below the truth.
 */
export function log2Q32(x: number): number {
  let exponent = 31
  let mantissa = x
  while (mantissa >= TWO_32) {
    mantissa = Math.floor(mantissa / 2)
    exponent++
  }
  while (mantissa < TWO_31) {
    mantissa *= 2
    exponent--
  }
  let fraction = 0
  for (let i = 0; i < 32; i++) {
    const high = Math.floor(mantissa / 65_536)
    const low = mantissa % 65_536
    const square = 2 * high * high + Math.floor((high * low * 131_072 + low * low) / TWO_31)
    if (square >= TWO_32) {
      mantissa = Math.floor(square / 2)
      fraction = fraction * 2 + 1
    } else {
      mantissa = square
      fraction *= 2
    }
  }
  return exponent * TWO_32 + fraction
}

/**
 * 2^(−2^−k) for k = 1 … 32 in Q48, rounded to nearest. 48 bits and not 32: the 32 floors of a product stay far below
 * the step between neighbouring exponents, so the power is monotone.
 */
export const EXP2_TABLE: readonly number[] = [
  199_032_864_766_430, 236_691_298_899_613, 258_113_691_704_612, 269_541_361_132_679, 275_443_548_385_834,
  278_442_931_975_303, 279_954_849_561_488, 280_713_884_160_287, 281_094_172_843_150, 281_284_510_335_224,
  281_379_727_407_067, 281_427_348_029_212, 281_451_161_362_436, 281_463_068_784_661, 281_469_022_684_686,
  281_471_999_681_928, 281_473_488_192_356, 281_474_232_450_522, 281_474_604_580_343, 281_474_790_645_438,
  281_474_883_678_032, 281_474_930_194_340, 281_474_953_452_497, 281_474_965_081_576, 281_474_970_896_116,
  281_474_973_803_386, 281_474_975_257_021, 281_474_975_983_839, 281_474_976_347_247, 281_474_976_528_952,
  281_474_976_619_804, 281_474_976_665_230,
]

/** 2^(−x) in Q48 for x in Q32, 0 ≤ x < 48·2^32. */
export function exp2NegQ48(x: number): number {
  const whole = Math.floor(x / TWO_32)
  let fraction = x - whole * TWO_32
  let power = TWO_48
  let bit = TWO_31
  for (let k = 0; k < 32 && fraction > 0; k++) {
    if (fraction >= bit) {
      fraction -= bit
      power = mulShift48(power, EXP2_TABLE[k]!)
    }
    bit /= 2
  }
  return Math.floor(power / 2 ** whole)
}
