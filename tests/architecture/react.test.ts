import { describe, expect, it } from 'vitest';
import { blocksIn, problemsOfComponents } from './programs.js';

const GUIDE = 'docs/guide/react.md';
const TRANSLATION = 'docs/guide/react.zh-CN.md';

const withoutComments = (program: string) => program.replace(/ *\/\/.*$/gm, '');

describe('the guide to React', { timeout: 60_000 }, () => {
  it('has components that compile, as the README of the package', () => {
    const components = [GUIDE, 'packages/react/README.md'].flatMap((path) => blocksIn(path, 'tsx'));
    expect(components.length).toBeGreaterThanOrEqual(4);
    expect(problemsOfComponents(...components)).toEqual([]);
  });

  it('does not compile with a missing name', () => {
    expect(
      problemsOfComponents("import { useMessage } from '@imcore/react';\nuseMessage('bob');"),
    ).not.toEqual([]);
  });

  it('has the same components in its translation', () => {
    expect(blocksIn(TRANSLATION, 'tsx').map(withoutComments)).toEqual(
      blocksIn(GUIDE, 'tsx').map(withoutComments),
    );
  });
});
