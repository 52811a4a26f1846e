// The two switches every page has: language and theme.
import { Button } from '../design/button';
import { chooseLanguage, language, messages } from '../i18n/language';
import { chooseTheme, theme, type Theme } from '../i18n/theme';

const text = messages({ language: 'Switch to Chinese', other: '中文', system: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' },
  { language: '切换到英文', other: 'EN', system: '主题：跟随系统', light: '主题：浅色', dark: '主题：深色' });

const kNext: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const kIcons = { system: 'screen', light: 'sun', dark: 'moon' } as const;

export function Preferences() {
  const other = language.value === 'zh' ? 'en' : 'zh';
  return (
    <div class="row preferences">
      <Button kind="quiet" size="small" onClick={() => chooseLanguage(other)}><span lang={other === 'zh' ? 'zh-CN' : 'en'}>{text().other}</span><span class="visually-hidden">{text().language}</span></Button>
      <Button kind="quiet" size="small" icon={kIcons[theme.value]} aria-label={text()[theme.value]} title={text()[theme.value]} onClick={() => chooseTheme(kNext[theme.value])} />
    </div>
  );
}
