import { nkeys } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { hasNats, NatsServer } from './nats-server.js';
import { startNode } from './node-under-test.js';

const timeout = 20_000;
const UNLIMITED = { subs: -1, data: -1, payload: -1 };

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** A token of NATS: `issuer` says something about `subject`. */
function tokenOf(issuer: KeyPair, subject: KeyPair, nats: object): string {
  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { jti: 'test', iat: 1_700_000_000, iss: issuer.getPublicKey(), sub: subject.getPublicKey() };
  const text = `${base64({ typ: 'JWT', alg: 'ed25519-nkey' })}.${base64({ ...claims, name: 'test', nats })}`;
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
}

/** The settings of a server with one account, and the content of a credentials file of one of its users. */
function makeAccount(): { readonly settings: string; readonly creds: string } {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
  const limits = { ...UNLIMITED, conn: -1, leaf: -1, imports: -1, exports: -1, wildcards: true };
  const ofOperator = tokenOf(operator, operator, { type: 'operator', version: 2 });
  const ofAccount = tokenOf(operator, account, { type: 'account', version: 2, limits });
  const ofUser = tokenOf(account, user, { type: 'user', version: 2, ...UNLIMITED });
  return {
    settings: `operator: ${ofOperator}
resolver: MEMORY
resolver_preload: { ${account.getPublicKey()}: ${ofAccount} }`,
    creds: `-----BEGIN NATS USER JWT-----
${ofUser}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${Buffer.from(user.getSeed()).toString()}
------END USER NKEY SEED------
`,
  };
}

describe.runIf(hasNats())('natsCluster() with a credentials file', () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function start(servers: string, creds: string) {
    const node = await startNode({ nodeId: 'a', servers, creds });
    open.push(() => node.cluster.close());
    return node;
  }

  it('joins as a user of the account, and is away as another', async () => {
    const [ours, other] = [makeAccount(), makeAccount()];
    const server = await NatsServer.start(ours.settings);
    open.push(() => server.remove());
    const { states } = await start(server.url, ours.creds);
    await expect.poll(() => states, { timeout }).toEqual(['joined']);
    const foreign = await start(server.url, other.creds);
    await expect.poll(() => foreign.states, { timeout }).toEqual(['away']);
    expect(foreign.errors[0]).toMatchObject({ code: 'ERR_CLUSTER_REJECTED' });
  });
});
