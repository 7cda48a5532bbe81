import type { DevState, NodeView, UserView } from '../src/dev/dev-state.js';

// The control page of `imcore dev`: polls the state, shows it, and sends orders.

const POLL_MS = 250;
/** More messages on the way than a quiet cluster has at a time. */
const MANY = 5;

const byId = (id: string): HTMLElement => present(document.getElementById(id));
const nodes = new Map<number, HTMLElement>();
const users = new Map<string, HTMLElement>();

function present<T>(found: T | null | undefined): T {
  if (found === null || found === undefined) throw new Error('an element of the page is missing');
  return found;
}

function part<T extends HTMLElement = HTMLElement>(parent: ParentNode, selector: string): T {
  return present(parent.querySelector<T>(selector));
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A copy of a template's only child. */
function copyOf(template: string): HTMLElement {
  const { content } = present(document.querySelector<HTMLTemplateElement>(`template#${template}`));
  return present(content.firstElementChild).cloneNode(true) as HTMLElement;
}

async function order(body: object): Promise<void> {
  const response = await fetch('order', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as DevState & { readonly message?: string };
  showProblem(response.ok ? undefined : answer.message);
  if (response.ok) show(answer);
}

function send(body: object): void {
  order(body).catch(() => showProblem('imcore dev does not answer: has it ended?'));
}

function showProblem(text: string | undefined): void {
  byId('problem').hidden = text === undefined;
  setText(byId('problem'), text ?? '');
}

function show(state: DevState): void {
  setText(byId('backend'), `${state.nodes.length} nodes over ${state.bus}, with ${state.store}`);
  showVerdict(state);
  for (const node of state.nodes) showNode(node);
  for (const user of state.users) showUser(user, state.nodes);
  showEvents(state);
}

function showVerdict({ counts, isTalking, nodes: all, users: both }: DevState): void {
  for (const name of ['sent', 'acknowledged', 'received', 'missing'] as const)
    setText(byId(name), counts[name].toLocaleString('en'));
  const { sent, onTheWay, missing, failed } = counts;
  const away = both.filter((user) => !isServed(user, all)).map(({ userId }) => nameOf(userId));
  const mood = missing > 0 ? 'bad' : away.length > 0 || onTheWay > MANY ? 'busy' : sent > 0 ? 'good' : 'idle';
  byId('verdict').dataset['mood'] = mood;
  const headline = {
    bad: `${missing} missing`,
    busy:
      away.length > 0
        ? `${away.join(' and ')} ${away.length > 1 ? 'are' : 'is'} without a node …`
        : `${onTheWay} on the way …`,
    good: '0 missing',
    idle: 'Start messages, then kill a node',
  }[mood];
  setText(byId('headline'), headline);
  const dead = all.filter(({ run }) => run === 'dead').length;
  const explanations = [
    ...(sent === 0 ? ['Alice and Bob are at different nodes. Every message is counted.'] : []),
    ...(sent > 0 && onTheWay === 0 ? ['Every acknowledged message was received.'] : []),
    ...(onTheWay > 0 ? [`${onTheWay} acknowledged and on the way.`] : []),
    ...(failed > 0 ? [`${failed} reported to the sender as not sent.`] : []),
    ...(dead > 0 ? [`${dead} of ${all.length} nodes ${dead === 1 ? 'is' : 'are'} dead.`] : []),
  ];
  setText(byId('explanation'), explanations.join(' '));
  const talk = byId('talk');
  setText(talk, isTalking ? 'Stop messages' : 'Start messages');
  talk.dataset['next'] = String(!isTalking);
  talk.classList.toggle('primary', !isTalking);
}

function nameOf(userId: string): string {
  return `${userId.slice(0, 1).toUpperCase()}${userId.slice(1)}`;
}

/** Whether a user has a session, and the node of it works. */
function isServed({ state, node }: UserView, all: readonly NodeView[]): boolean {
  return state === 'online' && all.some(({ number, run }) => number === node && run === 'running');
}

function showNode(node: NodeView): void {
  const { number, run, link, reason, ports, pid, actions } = node;
  let card = nodes.get(number);
  if (card === undefined) {
    card = copyOf('node');
    nodes.set(number, card);
    byId('nodes').append(card);
    setText(part(card, 'h2'), `Node ${number}`);
    card.setAttribute('aria-label', `Node ${number}`);
    const chat = Object.assign(document.createElement('a'), {
      href: `http://${location.hostname}:${ports.page}/`,
      target: '_blank',
      rel: 'noreferrer',
      textContent: 'chat page',
    });
    part(card, '.ports').append(`TCP, UDP ${ports.tcp} · WebSocket ${ports.webSocket} · `, chat);
    for (const button of card.querySelectorAll<HTMLButtonElement>('button')) {
      const { action } = button.dataset;
      button.setAttribute('aria-label', `${button.textContent}, node ${number}`);
      // The second click of a double click would undo the first: the buttons change places.
      button.addEventListener('click', ({ detail }) => {
        if (detail < 2) send({ kind: 'node', action, node: number });
      });
    }
  }
  card.dataset['run'] = run;
  card.dataset['link'] = link;
  setText(part(card, '.run'), run === 'dead' && reason !== undefined ? `dead: ${reason}` : run);
  setText(part(card, '.link'), { whole: '', lossy: 'loses 20 %', cut: 'link cut' }[link]);
  const online = node.users.length === 0 ? 'no sessions' : node.users.join(', ');
  setText(part(card, '.online'), run === 'dead' ? 'no process' : `${online} · process ${pid ?? '-'}`);
  setText(part(card, '.accepted'), run === 'dead' ? '–' : String(node.accepted));
  setText(part(card, '.delivered'), run === 'dead' ? '–' : String(node.delivered));
  setText(part(card, '.peers'), node.peers.length === 0 ? '–' : node.peers.join(', '));
  // Of two actions that undo each other, one is shown.
  const hidden = [
    run === 'dead' ? 'kill' : 'start',
    run === 'paused' ? 'pause' : 'resume',
    link === 'whole' ? 'heal' : 'cut',
  ];
  for (const button of card.querySelectorAll<HTMLButtonElement>('button')) {
    const { action } = button.dataset;
    const isPossible = actions.some((possible) => possible === action);
    button.hidden = hidden.some((one) => one === action);
    button.disabled = !isPossible;
  }
}

function showUser(user: UserView, all: readonly NodeView[]): void {
  const { userId, state, node, transport, entries } = user;
  let pane = users.get(userId);
  if (pane === undefined) {
    pane = copyOf('user');
    users.set(userId, pane);
    byId('users').append(pane);
    const name = nameOf(userId);
    setText(part(pane, 'h2'), name);
    setText(part(pane, '.avatar'), name.slice(0, 1));
    pane.setAttribute('aria-label', `Chat of ${userId}`);
    part(pane, '.messages').setAttribute('aria-label', `Messages of ${userId}`);
    const input = part<HTMLInputElement>(pane, 'input');
    input.placeholder = `Write as ${userId}`;
    input.setAttribute('aria-label', input.placeholder);
    part<HTMLFormElement>(pane, 'form').addEventListener('submit', (event) => {
      event.preventDefault();
      if (input.value.trim() === '') return;
      send({ kind: 'say', from: userId, text: input.value });
      input.value = '';
    });
  }
  const isOnline = isServed(user, all);
  pane.dataset['online'] = String(isOnline);
  const place = `node ${node} · ${transport === 'tcp' ? 'TCP' : 'WebSocket'}`;
  const problem = state === 'online' ? `node ${node} does not answer` : 'reconnecting …';
  setText(part(pane, '.place'), isOnline ? place : problem);
  showEntries(part(pane, '.messages'), entries);
}

function showEntries(list: HTMLElement, entries: UserView['entries']): void {
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const known = new Map(
    [...list.children].map((item) => [(item as HTMLElement).dataset['id'], item as HTMLElement]),
  );
  for (const { id, text, direction, state } of entries) {
    let item = known.get(String(id));
    if (item === undefined) {
      item = document.createElement('li');
      item.dataset['id'] = String(id);
      item.className = direction;
      item.append(text, Object.assign(document.createElement('span'), { className: 'mark' }));
      list.append(item);
    }
    known.delete(String(id));
    item.dataset['state'] = state;
    const mark = part(item, '.mark');
    setText(mark, { sending: '…', acknowledged: '✓', failed: '✗', received: '' }[state]);
    if (direction === 'out') mark.title = state;
  }
  for (const item of known.values()) item.remove();
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

function showEvents({ events }: DevState): void {
  const list = byId('events');
  const shown = Number(list.dataset['last'] ?? 0);
  for (const { id, at, text, isProblem } of events) {
    if (id <= shown) continue;
    const item = document.createElement('li');
    const time = Object.assign(document.createElement('time'), {
      dateTime: new Date(at).toISOString(),
      textContent: new Date(at).toTimeString().slice(0, 8),
    });
    item.append(time, ` ${text}`);
    item.classList.toggle('problem', isProblem);
    item.classList.toggle('proof', text.startsWith('0 missing'));
    list.prepend(item);
    list.dataset['last'] = String(id);
  }
  while (list.children.length > 40) list.lastElementChild?.remove();
}

async function poll(): Promise<void> {
  try {
    const response = await fetch('state');
    show((await response.json()) as DevState);
    document.body.dataset['connected'] = 'true';
  } catch {
    document.body.dataset['connected'] = 'false';
    setText(byId('backend'), 'imcore dev does not answer: has it ended?');
  }
  setTimeout(() => void poll(), POLL_MS);
}

byId('talk').addEventListener('click', ({ currentTarget }) => {
  send({ kind: 'talk', isOn: (currentTarget as HTMLElement).dataset['next'] !== 'false' });
});
await poll();
