// After "build npm" this is the one file of @imcore/client for mini-programs.
const { createClient } = require('@imcore/client');

App({
  globalData: { serverUrl: 'wss://im.example.com/websocket' },

  /** The client of this program: one for all pages. */
  client() {
    this.globalData.client ??= createClient({ platform: wx, url: this.globalData.serverUrl });
    return this.globalData.client;
  },
});
