import { visibleLines } from '../../util/visible.ts';

/** A piece of HTML that is safe to put into another. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = Markup | string | number | undefined | readonly (Markup | string)[];

/** A template whose values are escaped, unless they are Markup themselves; lists are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(strings.reduce((all, part, i) => `${all}${textOf(values[i - 1])}${part}`));
}

function textOf(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(textOf).join('');
  return visibleLines(String(value)).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
