const isDigit = (character: string) => /^\p{Nd}$/u.test(character);
const isLetter = (character: string) => /^\p{L}$/u.test(character);

/** The order of keys in gopkg.in/yaml.v3: numbers inside them by their value, letters after other characters. */
export function compareKeys(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const [one = '', other = ''] = [left[i], right[i]];
    if (one === other) continue;
    if (isLetter(one) && isLetter(other)) return codeOf(one) - codeOf(other);
    if (isLetter(one) || isLetter(other)) {
      const afterDigits = i > 0 && isDigit(left[i - 1] ?? '');
      return isLetter(one) === afterDigits ? -1 : 1;
    }
    return compareNumbers(left, right, i);
  }
  return left.length - right.length;
}

/** Compares the numbers that begin or continue at an index at which two keys differ. */
function compareNumbers(left: readonly string[], right: readonly string[], at: number): number {
  const goesOn = (left[at] === '0' || right[at] === '0') && followsDigits(left, at);
  const [one, other] = [digitsFrom(left, at), digitsFrom(right, at)];
  const prefix = goesOn ? '1' : '';
  const difference = BigInt(`${prefix}${one}` || '0') - BigInt(`${prefix}${other}` || '0');
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  if (one.length !== other.length) return one.length - other.length;
  return codeOf(left[at] ?? '') - codeOf(right[at] ?? '');
}

/** Whether a digit other than zero is among the digits before an index. */
function followsDigits(characters: readonly string[], at: number): boolean {
  for (let i = at - 1; i >= 0 && isDigit(characters[i] ?? ''); i--) if (characters[i] !== '0') return true;
  return false;
}

function digitsFrom(characters: readonly string[], at: number): string {
  return /^[0-9]*/.exec(characters.slice(at).join(''))?.[0] ?? '';
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
