/** Whether the process of a node runs. */
type NodeRun = 'starting' | 'running' | 'paused' | 'dead';

/** Its connection to the other nodes: `lossy` loses a fifth of the frames, `cut` carries none. */
type NodeLink = 'whole' | 'lossy' | 'cut';

/** The state of a node, as `imcore dev` controls it. */
export interface NodeCondition {
  readonly run: NodeRun;
  readonly link: NodeLink;
  /** Why it is dead. */
  readonly reason: string | undefined;
}

export const NODE_ACTIONS = ['kill', 'start', 'pause', 'resume', 'cut', 'loss', 'heal'] as const;

/** What can be done to a node. */
export type NodeAction = (typeof NODE_ACTIONS)[number];

const RUNS: Partial<Record<NodeAction, { readonly from: readonly NodeRun[]; readonly to: NodeRun }>> = {
  kill: { from: ['starting', 'running', 'paused'], to: 'dead' },
  start: { from: ['dead'], to: 'starting' },
  pause: { from: ['running'], to: 'paused' },
  resume: { from: ['paused'], to: 'running' },
};

const LINKS: Partial<Record<NodeAction, { readonly from: readonly NodeLink[]; readonly to: NodeLink }>> = {
  cut: { from: ['whole', 'lossy'], to: 'cut' },
  loss: { from: ['whole', 'cut'], to: 'lossy' },
  heal: { from: ['lossy', 'cut'], to: 'whole' },
};

/** Before its first start. */
export const NEW_NODE: NodeCondition = { run: 'dead', link: 'whole', reason: undefined };

/** The condition after an action; undefined if it is not possible. Faults of the link stay after a kill and a start. */
export function conditionAfter(condition: NodeCondition, action: NodeAction): NodeCondition | undefined {
  const run = RUNS[action];
  if (run !== undefined) {
    if (!run.from.includes(condition.run)) return undefined;
    return { ...condition, run: run.to, reason: action === 'kill' ? 'kill -9' : undefined };
  }
  const link = LINKS[action];
  return link?.from.includes(condition.link) === true ? { ...condition, link: link.to } : undefined;
}

export function possibleActions(condition: NodeCondition): NodeAction[] {
  return NODE_ACTIONS.filter((action) => conditionAfter(condition, action) !== undefined);
}

/** The process listens. */
export function conditionListening(condition: NodeCondition): NodeCondition {
  return condition.run === 'starting' ? { ...condition, run: 'running' } : condition;
}

/** The process has ended. The reason of a kill stays. */
export function conditionEnded(condition: NodeCondition, reason: string): NodeCondition {
  return condition.run === 'dead' ? condition : { ...condition, run: 'dead', reason };
}
