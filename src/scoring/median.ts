/** The median over reporters: the one number that a minority of liars can push no further than to an honest neighbour. */

/** Sorts the first `count` values in place; counts are those of an oracle set, where insertion is quickest. */
export function sortFirst(values: Float64Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const value = values[i]!
    let j = i - 1
    while (j >= 0 && values[j]! > value) {
      values[j + 1] = values[j]!
      j--
    }
    values[j + 1] = value
  }
}

/** Median of the first `count` > 0 values, which it sorts; for an even count the floor of the middle two's mean. */
export function medianOf(values: Float64Array, count: number): number {
  sortFirst(values, count)
  const half = count >> 1
  return count % 2 === 1 ? values[half]! : Math.floor((values[half - 1]! + values[half]!) / 2)
}
