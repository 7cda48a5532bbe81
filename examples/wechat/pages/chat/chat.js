const app = getApp();

Page({
  data: { state: 'idle', userId: '', to: '', text: '', lines: [] },

  onLoad({ user }) {
    this.client = app.client();
    this.takeOff = [
      this.client.on('state', ({ current }) => this.setData({ state: current })),
      this.client.on('message', ({ from, content }) => this.show(`${from}: ${content}`)),
      this.client.on('kicked', () => wx.showToast({ title: 'Logged in elsewhere', icon: 'none' })),
    ];
    if (user !== undefined) this.login(user);
  },

  onUnload() {
    for (const takeOff of this.takeOff) takeOff();
  },

  onTyped({ currentTarget, detail }) {
    this.setData({ [currentTarget.dataset.field]: detail.value });
  },

  onLogin() {
    return this.login(this.data.userId);
  },

  async onSend() {
    const { to, text } = this.data;
    this.setData({ text: '' });
    try {
      await this.client.send({ to, content: text });
      this.show(`→ ${to}: ${text}`);
    } catch (error) {
      this.show(`→ ${to}: ${text} (${error.code})`);
    }
  },

  async login(userId) {
    try {
      await this.client.login({ userId });
      this.setData({ userId });
    } catch (error) {
      wx.showToast({ title: error.code, icon: 'none' });
    }
  },

  show(line) {
    this.setData({ lines: [...this.data.lines, line] });
  },
});
