import { BridgeError } from './bridge-error.js';
import { BridgeRoute } from './bridge-route.js';
import type { Broker, BrokerHealth } from './broker.js';

/**
 * Creates the route of a node whose cluster has its bridge at another node: for the option `routes` of `createServer`. Messages with
 * QoS for users who are online nowhere are stored for the bridge, which publishes them within about a second. Messages without
 * QoS do not cross the bridge from here.
 */
export function bridgeElsewhere(): BridgeRoute {
  return new BridgeRoute(new BrokerElsewhere());
}

/** A broker that only another node reaches: from here it is always away. */
class BrokerElsewhere implements Broker {
  readonly health: BrokerHealth = {
    ...{ state: 'away', lastError: undefined },
    ...{ waiting: 0, joins: 0, deadLetters: 0 },
  };

  start(): Promise<void> {
    return Promise.resolve();
  }

  publish(): Promise<void> {
    return Promise.reject(
      new BridgeError(
        'ERR_BRIDGE_AWAY',
        'the bridge is at another node: a message without QoS cannot cross it',
      ),
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
