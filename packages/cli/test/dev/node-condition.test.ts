import { describe, expect, it } from 'vitest';
import {
  conditionAfter,
  conditionEnded,
  conditionListening,
  NEW_NODE,
  type NodeAction,
  type NodeCondition,
  possibleActions,
} from '../../src/dev/node-condition.js';

const RUNNING: NodeCondition = { run: 'running', link: 'whole', reason: undefined };

/** The condition of a running node after these actions. */
function after(...actions: NodeAction[]): NodeCondition {
  return actions.reduce<NodeCondition>((condition, action) => {
    const next = conditionAfter(condition, action);
    if (next === undefined) throw new Error(`${action} is not possible`);
    return next;
  }, RUNNING);
}

describe('the condition of a node', () => {
  it.each<[NodeAction[], NodeAction[]]>([
    [[], ['kill', 'pause', 'cut', 'loss']],
    [['kill'], ['start', 'cut', 'loss']],
    [['pause'], ['kill', 'resume', 'cut', 'loss']],
    [['cut'], ['kill', 'pause', 'loss', 'heal']],
    [['loss'], ['kill', 'pause', 'cut', 'heal']],
    [
      ['loss', 'heal'],
      ['kill', 'pause', 'cut', 'loss'],
    ],
    [
      ['kill', 'start'],
      ['kill', 'cut', 'loss'],
    ],
  ])('after %j allows %j', (actions, possible) => {
    expect(possibleActions(after(...actions))).toEqual(possible);
  });

  it('keeps the fault of the link over a kill and a start', () => {
    expect(after('cut', 'kill', 'start')).toEqual({ run: 'starting', link: 'cut', reason: undefined });
  });

  it('runs when its process listens, unless it was killed meanwhile', () => {
    const starting = conditionAfter(NEW_NODE, 'start') ?? NEW_NODE;
    expect(conditionListening(starting).run).toBe('running');
    expect(conditionListening(conditionAfter(starting, 'kill') ?? starting).run).toBe('dead');
  });

  it('says why it is dead: the kill, or the end of the process', () => {
    expect(conditionEnded(after('kill'), 'SIGKILL').reason).toBe('kill -9');
    expect(conditionEnded(RUNNING, 'exit code 1: out of memory')).toEqual({
      run: 'dead',
      link: 'whole',
      reason: 'exit code 1: out of memory',
    });
  });
});
