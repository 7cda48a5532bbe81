import { contentOf, membersOf, type WirePacket } from '../../src/conformance/wire.js';
import type { ProxiedConnection, Tampering } from './tampering-proxy.js';

const KICK_OUT: WirePacket = { ...answer(54), dataContent: '{"code":1}' };

/** Defects of a server, and the cases that must find them. */
export const DEFECTS: readonly { readonly name: string; readonly found: string; tampering(): Tampering }[] = [
  {
    name: 'forwards x of a peer',
    found: 'X4',
    tampering() {
      const ofPeers = new Map<unknown, object>();
      return {
        toServer(packet) {
          if (packet.type === 2 && packet.x !== undefined) ofPeers.set(packet.fp, membersOf(packet.x));
          return [packet];
        },
        toClient(packet) {
          const foreign = packet.type === 2 ? ofPeers.get(packet.fp) : undefined;
          return [foreign === undefined ? packet : { ...packet, x: { ...foreign, ...membersOf(packet.x) } }];
        },
      };
    },
  },
  {
    name: 'gives a position twice',
    found: 'S1',
    tampering: () => ({
      toClient(packet) {
        const { s, i } = membersOf(packet.x);
        if (packet.type !== 2 || s !== 2) return [packet];
        return [packet, { ...packet, fp: `${packet.fp}-other`, x: { s, i: Number(i) + 1000, t: 1 } }];
      },
    }),
  },
  {
    name: 'ignores sync',
    found: 'S7',
    tampering: () => ({ toServer: (packet) => (packet.type === 1001 ? [] : [packet]) }),
  },
  {
    name: 'kicks out a session that the same device replaces',
    found: 'D1',
    tampering: () => ({ beforeEnd: ({ hasOffer }) => (hasOffer ? [KICK_OUT] : []) }),
  },
  {
    name: 'writes more than its window',
    found: 'S3',
    tampering: () => ({
      toClient: (packet) => [changedAnswer(packet, (x) => ({ ...x, win: Number(x['win']) / 2 }))],
    }),
  },
  {
    name: 'sends new types with QoS',
    found: 'X5',
    tampering: () => ({
      toClient: (packet) => [packet.type >= 1100 ? { ...packet, QoS: true } : packet],
    }),
  },
  {
    name: 'sends x in keep-alive responses to v6 sessions',
    found: 'X1',
    tampering: () => ({
      toClient: (packet, { hasOffer }) => [
        packet.type === 51 && !hasOffer ? { ...packet, x: { last: 1 } } : packet,
      ],
    }),
  },
  {
    name: 'closes a negotiated session that sends an unknown type',
    found: 'X3',
    tampering: () => ({
      toServer(packet, from) {
        if (packet.type === 1099 && from.hasOffer) from.cut();
        return [packet];
      },
    }),
  },
  {
    name: 'kicks out a v6 session that its client replaces, if the user has a device',
    found: 'D2',
    tampering: () => ({
      beforeEnd: (ended, all) => (!ended.hasOffer && hasDevice(ended.userId, all) ? [KICK_OUT] : []),
    }),
  },
  {
    name: 'ends a session without a kick-out by its policy',
    found: 'D3',
    tampering: () => ({
      toClient: (packet, { hasOffer }) => (packet.type === 54 && hasOffer ? [] : [packet]),
    }),
  },
  {
    name: 'counts a user as offline when the first of two sessions ends',
    found: 'D4',
    tampering() {
      const offline = new Set<string | undefined>();
      return {
        left({ hasOffer, userId }, all) {
          if (!hasOffer && hasDevice(userId, all)) offline.add(userId);
        },
        toClient: (packet, { userId }) => (packet.type === 2 && offline.has(userId) ? [] : [packet]),
      };
    },
  },
  {
    name: 'echoes to v6 sessions',
    found: 'D5',
    tampering: () => ({
      toServer(packet, from, all) {
        if (packet.type === 2 && from.hasOffer)
          for (const other of all)
            if (!other.hasOffer && other.userId === from.userId) other.toClient({ ...packet, x: undefined });
        return [packet];
      },
    }),
  },
  {
    name: 'writes entries in another order',
    found: 'S2',
    tampering() {
      const stored = new Map<ProxiedConnection, number>();
      const held = new Map<ProxiedConnection, WirePacket>();
      return {
        toClient(packet, to) {
          const count = (stored.get(to) ?? 0) + (packet.type === 1100 ? 1 : 0);
          stored.set(to, count);
          if (packet.type !== 2) return [packet];
          const earlier = held.get(to);
          held.delete(to);
          if (earlier !== undefined) return [packet, earlier];
          if (count !== 3) return [packet];
          held.set(to, packet);
          return [];
        },
      };
    },
  },
  {
    name: 'accepts a position beyond the end of the log',
    found: 'S4',
    tampering() {
      const confused = new Set<ProxiedConnection>();
      return {
        toServer(packet, from) {
          if (packet.type === 1000 && Number(membersOf(packet.x)['s']) >= 1000) confused.add(from);
          return [packet];
        },
        toClient: (packet, to) => (packet.type === 2 && confused.has(to) ? [] : [packet]),
      };
    },
  },
  {
    name: 'resumes one entry too early',
    found: 'S5',
    tampering() {
      const moved = new Set<ProxiedConnection>();
      return {
        toServer(packet, from) {
          const content = packet.type === 0 ? contentOf(packet) : {};
          const x = membersOf(content['x']);
          const { e, s } = membersOf(x['pos']);
          if (e === 'another' || !(Number(s) >= 1 && Number(s) < 1000)) return [packet];
          moved.add(from);
          const earlier = { ...content, x: { ...x, pos: { e, s: Number(s) - 1 } } };
          return [{ ...packet, dataContent: JSON.stringify(earlier) }];
        },
        toClient: (packet, to) => [
          moved.has(to) ? changedAnswer(packet, (x) => ({ ...x, pos: laterBy1(x['pos']) })) : packet,
        ],
      };
    },
  },
  {
    name: 'says nothing of a hole',
    found: 'S6',
    tampering: () => ({ toClient: (packet) => [changedAnswer(packet, ({ hole, ...x }) => x)] }),
  },
  {
    name: 'stores a repeated message again',
    found: 'S9',
    tampering() {
      const known = new Set<unknown>();
      return {
        toClient(packet) {
          if (packet.type !== 1100) return [packet];
          const x = membersOf(packet.x);
          const isNew = !known.has(x['fp']);
          known.add(x['fp']);
          return [isNew ? packet : { ...packet, x: { ...x, s: Number(x['s']) + 1 } }];
        },
      };
    },
  },
  {
    name: 'returns another first login time than the client’s',
    found: 'V1',
    tampering() {
      const given = new Set<ProxiedConnection>();
      return {
        toServer(packet, from) {
          if (packet.type === 0 && Number(contentOf(packet)['firstLoginTime']) > 0) given.add(from);
          return [packet];
        },
        toClient(packet, to) {
          if (packet.type !== 50 || !given.has(to)) return [packet];
          const content = contentOf(packet);
          const other = { ...content, firstLoginTime: Number(content['firstLoginTime']) + 5 };
          return [{ ...packet, dataContent: JSON.stringify(other) }];
        },
      };
    },
  },
  {
    name: 'answers packets of unknown types',
    found: 'V9',
    tampering: () => ({
      toServer(packet, from) {
        if (packet.type === 77) from.toClient({ ...answer(52), dataContent: '{"errorCode":4}' });
        return [packet];
      },
    }),
  },
  {
    name: 'answers an echo only after a login',
    found: 'V5',
    tampering: () => ({ toClient: (packet, { userId }) => (packet.type === 53 && !userId ? [] : [packet]) }),
  },
  {
    name: 'wants an acknowledgement of its acknowledgement',
    found: 'V10',
    tampering: () => ({
      toClient: (packet) => [packet.type === 4 && packet.from === '0' ? { ...packet, QoS: true } : packet],
    }),
  },
  {
    name: 'loses the application’s type of a message',
    found: 'V11',
    tampering: () => ({ toClient: (packet) => [packet.typeu === 44 ? { ...packet, typeu: -1 } : packet] }),
  },
  {
    name: 'acknowledges messages without QoS',
    found: 'V12',
    tampering: () => ({
      toServer(packet, from) {
        if (packet.type === 2 && packet.QoS === false) from.toClient({ ...answer(4), dataContent: '' });
        return [packet];
      },
    }),
  },
  {
    name: 'forwards a repeated message again',
    found: 'V14',
    tampering() {
      const known = new Set<unknown>();
      return {
        toServer(packet, from, all) {
          if (packet.type === 2 && known.has(packet.fp) && !from.hasOffer)
            for (const other of all) if (other.userId === packet.to) other.toClient(packet);
          known.add(packet.fp);
          return [packet];
        },
      };
    },
  },
  {
    name: 'does not read fields of other JSON types',
    found: 'V15',
    tampering: () => ({ toServer: (packet) => (typeof packet.QoS === 'string' ? [] : [packet]) }),
  },
];

function answer(type: number): WirePacket {
  return { bridge: false, type, from: '0', to: '-1', QoS: false, typeu: -1, sm: -1 };
}

function hasDevice(userId: string | undefined, all: Iterable<ProxiedConnection>): boolean {
  return [...all].some((each) => each.hasOffer && each.userId === userId);
}

type Members = Readonly<Record<string, unknown>>;

/** The login response with another `x`, if it has one; any other packet as it is. */
function changedAnswer(packet: WirePacket, change: (x: Members) => object): WirePacket {
  if (packet.type !== 50) return packet;
  const content = contentOf(packet);
  if (content['x'] === undefined) return packet;
  return { ...packet, dataContent: JSON.stringify({ ...content, x: change(membersOf(content['x'])) }) };
}

function laterBy1(pos: unknown): object {
  const members = membersOf(pos);
  return { ...members, s: Number(members['s']) + 1 };
}
