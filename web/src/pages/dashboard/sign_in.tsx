// Signing in: the first time in place of the dashboard, and over it when a session has ended in mid-action.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../../api/client';
import { isRemembered, signIn, signOut } from '../../api/session';
import { Button } from '../../design/button';
import { Check, TextField } from '../../design/field';
import { errorWords, Notice } from '../../design/surface';
import { formatNumber } from '../../i18n/format';
import { messages } from '../../i18n/language';
import { Preferences } from '../../shell/preferences';
import { Brand } from '../../shell/site';
import { now } from './clock';

const text = messages({
  title: 'Sign in', intro: 'Enter the admin token of this pool: the value of ADMIN_TOKEN.', token: 'Admin token', remember: 'Remember me in this browser', rememberHint: 'Otherwise the token is forgotten when this tab is closed.',
  signIn: 'Sign in', wrong: 'This is not the admin token.', empty: 'Enter the admin token.', unconfigured: 'This pool is not configured yet.', setUp: 'What to set',
  wait: (seconds: string) => `Too many wrong tokens. Try again in ${seconds} s.`,
  ended: 'Your session has ended', endedNote: 'Sign in again; what you were doing goes on where it was.', leave: 'Sign out',
}, {
  title: '登录', intro: '请输入此服务的管理令牌，即 ADMIN_TOKEN 的值。', token: '管理令牌', remember: '在此浏览器中记住我', rememberHint: '否则关闭标签页后即忘记令牌。',
  signIn: '登录', wrong: '管理令牌不正确。', empty: '请输入管理令牌。', unconfigured: '此服务尚未配置。', setUp: '查看需要设置的内容',
  wait: (seconds: string) => `错误次数过多，请在 ${seconds} 秒后重试。`,
  ended: '会话已结束', endedNote: '请重新登录，刚才的操作会继续。', leave: '退出登录',
});

function SignInForm() {
  const [token, setToken] = useState('');
  const [isKept, setKept] = useState(isRemembered());
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [waitUntil_ms, setWaitUntil] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const words = text();
  useEffect(() => input.current?.focus(), []);
  const left_s = Math.max(0, Math.ceil((waitUntil_ms - now.value) / 1000));

  const submit = async (event: Event) => {
    event.preventDefault();
    if (!token.trim()) {
      setFailure('empty');
      input.current?.focus();
      return;
    }
    setBusy(true);
    setFailure(null);
    try {
      await signIn(token.trim(), isKept ? 'browser' : 'session');
    } catch (error) {
      setFailure(error);
      if (error instanceof ApiError && error.kind === 'busy') setWaitUntil(Date.now() + (error.retryAfter_s || 1) * 1000);
      setBusy(false);
      input.current?.select();
    }
  };

  const isUnconfigured = failure instanceof ApiError && failure.status === 503;
  const isWrong = failure instanceof ApiError && failure.kind === 'unauthorized';
  const isOther = failure instanceof ApiError && !isWrong && !isUnconfigured && failure.kind !== 'busy';
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <TextField label={words.token} type="password" autocomplete="current-password" value={token} onValue={setToken} inputRef={input} wrong={isWrong ? words.wrong : failure === 'empty' ? words.empty : null} />
      <Check checked={isKept} onValue={setKept}>{words.remember}<div class="faint small">{words.rememberHint}</div></Check>
      {left_s > 0 && <Notice tone="warn" live>{words.wait(formatNumber(left_s))}</Notice>}
      {isUnconfigured && <Notice tone="warn" live>{words.unconfigured} <a href="/">{words.setUp}</a></Notice>}
      {isOther && <Notice tone="bad" live><strong>{errorWords(failure).title}</strong><div class="small">{errorWords(failure).note}</div></Notice>}
      <Button kind="primary" type="submit" busy={isBusy} disabled={left_s > 0}>{words.signIn}</Button>
    </form>
  );
}

export function SignInPage() {
  return (
    <div class="sign-in-page">
      <header class="row-apart"><Brand /><Preferences /></header>
      <main class="card sign-in-card">
        <div class="stack-tight"><h1>{text().title}</h1><p class="muted">{text().intro}</p></div>
        <SignInForm />
      </main>
    </div>
  );
}

/** Over the page, which stays as it is. */
export function SessionEnded() {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => element.current!.showModal(), []);
  return (
    <dialog ref={element} class="dialog narrow" aria-labelledby="session-ended" onCancel={(event) => event.preventDefault()} onClose={() => { if (element.current?.isConnected) element.current.showModal(); }}>
      <div class="dialog-head"><h2 id="session-ended">{text().ended}</h2></div>
      <div class="dialog-body stack"><p class="muted">{text().endedNote}</p><SignInForm /><Button kind="quiet" onClick={signOut}>{text().leave}</Button></div>
    </dialog>
  );
}
