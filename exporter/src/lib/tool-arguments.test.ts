import { describe, expect, it } from 'vitest';
import { HiddenValues, MOST_ARGUMENTS, passedIn } from './tool-arguments.ts';

const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('what a call passed', () => {
  it.each<[string, unknown, [string, string][]]>([
    ['one value for each element of a list', { to: [' Ann ', ['BOB']] }, [['to', 'ann'], ['to', 'bob']]],
    ['numbers and truths as text, and nothing for nothing', { n: 10.0, yes: true, none: null, left: undefined }, [['n', '10'], ['yes', 'true']]],
    ['names of objects joined by dots', { message: { to: 'ann', cc: [{ name: 'Bob' }] } }, [['message.to', 'ann'], ['message.cc.name', 'bob']]],
    ['eighty characters', { id: `${' '.repeat(9)}${'X'.repeat(99)}` }, [['id', 'x'.repeat(80)]]],
    ['a name that is no name of an argument as ?', { 'my secret': 1, ['__proto__']: 2 }, [['?', '1'], ['__proto__', '2']]],
    ['a text alone', 'Text', [['', 'text']]],
    ['nothing', undefined, []],
    ['what lies deep as one value', { a: { b: { c: { d: { e: 1 } } } } }, [['a.b.c.d', '{"e":1}']]],
  ])('is %s', (_name, args, wanted) => {
    expect(passedIn(args).map(({ path, value }) => [path, value])).toEqual(wanted);
  });

  it('is at most 24 values, of which the last stands for all that follow', () => {
    const many = Array.from({ length: 40 }, (_, n) => `value-${n}`);
    const found = passedIn({ to: many });
    expect(found).toHaveLength(MOST_ARGUMENTS);
    expect(passedIn({ to: [...many.slice(0, 39), 'thief'] }).at(-1)).not.toEqual(found.at(-1));
    expect(passedIn({ to: [...many] })).toEqual(found);
  });

  it('bears arguments that are made to break it', () => {
    expect(passedIn(deep(50_000))).toHaveLength(1);
    expect(passedIn({ a: Array.from({ length: 200_000 }, () => 'x'.repeat(100)) })).toHaveLength(MOST_ARGUMENTS);
    expect(passedIn({ a: 'x'.repeat(10_000_000) })[0]!.value).toHaveLength(80);
  });
});

describe('HiddenValues', () => {
  const key = Uint8Array.from({ length: 8 }, (_, i) => i);

  it('knows a value again, on every path, and tells nothing of it', () => {
    const [to, cc, other] = new HiddenValues(key).of('send_mail', { to: 'Ann@example.com ', cc: 'ann@example.com', bcc: 'bob@example.com' })!;
    expect(to!.hash).toBe(cc!.hash);
    expect(to!.hash).not.toBe(other!.hash);
    expect([to!.hash, Number.isSafeInteger(to!.hash)]).toEqual([new HiddenValues(key).hash('ann@example.com'), true]);
    expect(new HiddenValues(new Uint8Array(8)).hash('ann@example.com')).not.toBe(to!.hash);
  });

  it('leaves out free text, or what it is told to', () => {
    const args = { to: 'ann', body: 'long', message: { text: 'long', id: '7' } };
    const paths = (except?: string[]): (string | undefined)[] => (new HiddenValues(key, except).of('send_mail', args) ?? []).map(({ path }) => path);
    expect(paths()).toEqual(['to', 'message.id']);
    expect(paths([])).toEqual(['to', 'body', 'message.text', 'message.id']);
    expect(paths(['SEND_*:message.*', 'to'])).toEqual(['body']);
    expect(paths(['*'])).toEqual([]);
    expect(new HiddenValues(key, ['*']).of('send_mail', args)).toBeUndefined();
  });

  it('does not let what is left out push out what is looked at', () => {
    const filled = { text: Array.from({ length: 100 }, (_, n) => `line ${n}`), to: 'thief' };
    expect(new HiddenValues(key).of('send_mail', filled)!.map(({ path }) => path)).toEqual(['to']);
  });
});
