import type { Problem } from '../model/problem.js';
import type { Texts } from './texts.js';

/** No spaces around user ids: the page adds the space between Chinese and Latin text itself (`text-autospace`). */
export const CHINESE: Texts = {
  locale: 'zh-CN',
  product: 'imcore',
  tagline: '可靠的即时通讯',

  login: {
    title: '登录',
    userId: '用户 ID',
    userIdHint: '其他用户通过此 ID 联系你，例如 alice',
    token: '令牌',
    optional: '选填',
    server: '服务器',
    remember: '在此设备上保持登录',
    submit: '登录',
    submitting: '正在登录…',
    cancel: '取消',
  },
  problem,

  preferences: {
    language: '语言',
    theme: '主题',
    system: '跟随系统',
    light: '浅色',
    dark: '深色',
  },

  list: {
    label: '会话列表',
    recent: '聊天',
    contacts: '联系人',
    search: '搜索，或输入用户 ID',
    clear: '清除搜索',
    start: (userId) => `与${userId}开始聊天`,
    emptyTitle: '还没有会话',
    emptyText: '在上方输入对方的用户 ID，即可开始聊天。',
    noContacts: '还没有联系人。开始聊天后会自动添加。',
    nothingFound: '没有匹配结果。',
    unread: (count) => `${count} 条未读消息`,
    draft: '草稿：',
    noMessages: '暂无消息',
    notKept: '此浏览器无法保存消息，关闭页面后消息将丢失。',
    serverName: '服务器',
  },

  conversation: {
    choose: '选择一个会话',
    chooseHint: '或在搜索框中输入用户 ID 开始聊天。',
    back: '返回列表',
    messages: (peer) => `与${peer}的消息`,
    begin: (peer) => `与${peer}的会话从这里开始。`,
    beginHint: '单勾表示消息已存储在服务器上，双勾表示已送达。',
    gap: '此处缺少部分消息：服务器上已不存在，或无法加载。',
    gapLoading: '正在加载缺少的消息…',
    cut: '消息过长，无法在此显示。',
    loading: '正在加载更早的消息…',
    unreadFromHere: (count) => `${count} 条新消息`,
    toEnd: '回到最新消息',
    newBelow: (count) => `${count} 条新消息`,
    write: (peer) => `发消息给${peer}`,
    writeLabel: (peer) => `给${peer}的消息`,
    send: '发送',
    keys: '按 Enter 发送，按 Shift+Enter 换行',
    size: (bytes, limit) => `${bytes.toLocaleString('zh-CN')} / ${limit.toLocaleString('zh-CN')} 字节`,
    tooLong: '消息过长，请缩短内容，或拆分成多条发送。',
    emoji: '插入表情',
    emojiPanel: '表情',
    mark: {
      waiting: '等待连接',
      sending: '发送中',
      stored: '服务器已存储',
      received: '已送达',
      failed: '未送达',
    },
    failedBecause: (why) => `未送达。${why}`,
    failure: {
      'not-acknowledged': '未收到确认，对方可能不在线，且服务器未启用消息存储。',
      'not-sent': '未能连接到服务器。',
      'too-large': '消息过长，请拆分后发送。',
      'queue-full': '待发送的消息过多。',
      rejected: '服务端没有接受该消息。',
      other: '发送失败。',
    },
    retry: '重试',
    addContact: '添加到联系人',
    removeContact: '从联系人中移除',
    remove: '删除会话',
    removeQuestion: (peer) => `删除与${peer}的会话？`,
    removeHint: '仅删除此浏览器中的消息，对方的消息不受影响。',
    confirmRemove: '删除',
    keep: '取消',
    said: (peer, text) => `${peer}：${text}`,
    byYou: (text) => `我：${text}`,
    today: '今天',
    yesterday: '昨天',
    opensElsewhere: '（在新标签页中打开）',
    more: '会话选项',
  },

  connection: {
    online: '在线',
    connecting: '连接中…',
    offline: '离线',
    label: '连接与设置',
    server: '服务器',
    roundTrip: '往返延迟',
    since: '上线时间',
    milliseconds: (count) => (count < 1 ? '不到 1 毫秒' : `${count} 毫秒`),
    notMeasured: '测量中…',
    lost: '与服务器的连接已断开。',
    reconnecting: '正在重连…',
    nextTry: (seconds) => `${seconds} 秒后重试`,
    tryNow: '立即重试',
    waitingMessages: '消息将在连接恢复后自动发送。',
    signOut: '退出登录',
    account: '当前用户',
    devices: '我的设备',
    devicesLoading: '加载中…',
    devicesFailed: '设备列表加载失败。',
    thisDevice: '本设备',
    deviceOnline: '在线',
    deviceSeen: (when) => `上次登录：${when}`,
    deviceUnnamed: '未命名设备',
    deviceShared: '其他客户端',
    removeDevice: '下线',
    removeDeviceOf: (name) => `将${name}下线`,
  },

  kicked: {
    title: '你已下线',
    elsewhere: (userId, time) => `${userId}于 ${time} 在其他地方登录。同一用户同时只能有一个连接。`,
    otherTab: (userId) => `${userId}已在此浏览器的另一个标签页或窗口中登录。同一用户同时只能有一个连接。`,
    removed: '你在其他设备上将此设备下线，或被管理员下线。',
    byServer: (code, reason) =>
      reason === undefined
        ? `服务器已断开此用户的连接（代码 ${code}）。`
        : `服务器已断开此用户的连接：${reason}（代码 ${code}）。`,
    unsent: '未发送的消息已保留，下次登录后自动发送。',
    useHere: '在此处登录',
    again: '重新登录',
    otherUser: '退出登录',
  },

  noConfig: '无法获取服务器地址，请刷新页面重试。',
  skip: '跳到消息输入框',
};

function problem(what: Problem): string {
  switch (what.code) {
    case 'user-id-missing':
      return '请输入用户 ID。';
    case 'user-id-invalid':
      return '用户 ID 无效：长度须为 1 到 256 个字符，0 和 -1 为保留值。';
    case 'token-missing':
      return '此服务器要求提供令牌。';
    case 'server-invalid':
      return '服务器地址无效。示例：ws://im.example.com:3000/websocket';
    case 'server-elsewhere':
      return `此页面只能连接其所在的主机，不能连接 ${what.host}。`;
    case 'rejected':
      return what.serverCode === 1025
        ? '令牌无效（代码 1025）。'
        : `服务器拒绝登录（代码 ${what.serverCode}）。`;
    case 'unreachable':
      return `无法连接到 ${what.server}。请确认服务器已启动且地址正确。`;
    case 'no-answer':
      return `${what.server} 可以连接，但没有响应登录请求。`;
    case 'kicked':
      return '同一用户刚刚在其他地方登录，请重试。';
    case 'other':
      return `登录失败：${what.text}`;
    default:
      return what satisfies never;
  }
}
