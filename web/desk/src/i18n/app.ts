/** Texts of the frame around the pages. */

export const appEn = {
  signIn: {
    title: "Sign in to ctid",
    user: "User name",
    password: "Password",
    submit: "Sign in",
    needed: "Please fill in",
    or: "or",
    with: "Sign in with {{name}}",
    failed: "User name or password is wrong.",
    locked: "Too many attempts. Try again after {{at}}, or ask an administrator to unlock the user.",
    oidc: "Signing in there did not succeed ({{reason}}). Please try again.",
    oidcNoRole: "You are known there, but nothing says what you may do here. Please ask an administrator.",
    oidcUnreachable: "The sign-in service cannot be reached. Please try again in a moment.",
    unreachable: "ctid cannot be reached. Check the network and try again.",
  },
};

export const appZh: typeof appEn = {
  signIn: {
    title: "登录 ctid",
    user: "用户名",
    password: "密码",
    submit: "登录",
    needed: "请填写",
    or: "或",
    with: "使用 {{name}} 登录",
    failed: "用户名或密码错误。",
    locked: "尝试次数过多。请在 {{at}} 之后重试，或请管理员解锁。",
    oidc: "登录未成功（{{reason}}）。请重试。",
    oidcNoRole: "您的身份已确认，但尚未分配权限。请联系管理员。",
    oidcUnreachable: "无法连接登录服务。请稍后重试。",
    unreachable: "无法连接 ctid。请检查网络后重试。",
  },
};
